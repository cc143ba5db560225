import { setImmediate as nextTurn } from "node:timers/promises";
import type { Container } from "../../container/container.ts";
import type { AgentCli, AgentReader, AgentReading } from "./agent-cli.ts";
import type { followSession } from "./follow-session.ts";

/** All that reads what comes out of a container, and zod with it: docs/adr/0010-two-phases.md. */
export interface SecondPhase {
  readonly followSession: typeof followSession;
  readonly reader: AgentReader;
  readonly judge: AgentReading["judge"];
}

export async function loadSecondPhase(cli: AgentCli): Promise<SecondPhase> {
  const [following, reading] = await Promise.all([import("./follow-session.ts"), cli.loadReading()]);
  return {
    followSession: following.followSession,
    reader: reading.openReader(),
    judge: (ending) => reading.judge(ending),
  };
}

/** Starts a container and loads meanwhile, when this process would only wait. */
export async function startContainer(container: Container, cli: AgentCli): Promise<SecondPhase> {
  const [second] = await Promise.all([loadSoon(cli), container.start()]);
  return second;
}

/** Loading keeps the processor busy: the request must be out. It connects in one turn of the event loop and is sent in the next. */
async function loadSoon(cli: AgentCli): Promise<SecondPhase> {
  for (let turn = 0; turn < 2; turn += 1) await nextTurn();
  return loadSecondPhase(cli);
}
