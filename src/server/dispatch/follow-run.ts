import type { AgentResult } from "../../core/agent-event.ts";
import type { EventListener, RunEvent } from "../../core/run-event.ts";
import type { RunReport } from "../../core/run-report.ts";
import type { NewEvent } from "../../store/tasks/task-store.ts";
import type { Attempt } from "./attempt.ts";

/** What a Runner says, as far as it is not told by what it returns. */
export interface FollowedRun {
  readonly onEvent: EventListener;
  /** The run's own branch, once it has one. */
  branch(): string | null;
  /** The agent works, or has: it may have spent money. */
  isBegun(): boolean;
  /** The data of its `complete` event. */
  result(): AgentResult | null;
}

export function followRun(
  attempt: Attempt,
  {
    toPublic,
    onFirstEvent,
  }: { readonly toPublic: (event: RunEvent) => NewEvent; readonly onFirstEvent: (isWarm: boolean) => void },
): FollowedRun {
  let branch: string | null = null;
  let base: string | undefined;
  let isBegun = false;
  let isWarm = false;
  let result: AgentResult | null = null;
  return {
    async onEvent(event) {
      if (event.type === "complete") {
        result = event.data;
        return;
      }
      if (event.type === "run.started") ({ branch, base } = event.data);
      if (event.type === "workspace.ready") isWarm = event.data.warm ?? false;
      await attempt.push(toPublic(event));
      if (event.type === "agent.started" && !isBegun) {
        isBegun = true;
        onFirstEvent(isWarm);
      }
      if (event.type === "agent.started" || event.type === "workspace.ready") {
        attempt.advance("running", base === undefined ? {} : { base });
      }
      if (event.type === "progress" && event.data.phase === "import") attempt.advance("finalizing");
    },
    branch: () => branch,
    isBegun: () => isBegun,
    result: () => result,
  };
}

/** Where the run was interrupted between its last event and its report, the report says it all. */
export function toResult(report: RunReport, complete: AgentResult | null): AgentResult {
  const { outcome, reason, agent, container, usage, timings, branch } = report;
  return {
    outcome,
    reason,
    commit: branch?.head ?? complete?.commit ?? null,
    agent,
    container,
    usage,
    timings,
  };
}
