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
