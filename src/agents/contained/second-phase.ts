import { setTimeout as sleep } from "node:timers/promises";
import type { Control } from "../../container/control.ts";
import type { AgentCli, AgentReader, AgentReading } from "./agent-cli.ts";
import type { followSession } from "./follow-session.ts";

/** All that reads what comes out of a container, and zod with it: docs/adr/0010-two-phases.md. */
export interface SecondPhase {
  readonly followSession: typeof followSession;
  readonly reader: AgentReader;
  readonly judge: AgentReading["judge"];
}

/** Longer than the entry program takes to connect; one that has not done so by then may have ended instead. */
const entryMs = 500;

/** Loads it once the entry program has connected: while the container starts, everything in it waits for the processors. */
export async function loadSecondPhase(cli: AgentCli, control: Control): Promise<SecondPhase> {
  await Promise.race([control.connected(), sleep(entryMs, undefined, { ref: false })]).catch(() => undefined);
  const [following, reading] = await Promise.all([import("./follow-session.ts"), cli.loadReading()]);
  return {
    followSession: following.followSession,
    reader: reading.openReader(),
    judge: (ending) => reading.judge(ending),
  };
}
