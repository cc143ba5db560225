import { measureAge } from "../tell-end.ts";
import type { Attempt } from "./attempt.ts";
import { toVerdict } from "./build-ending.ts";
import { carryOut } from "./carry-out.ts";
import type { AttemptEnd } from "./conclude.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import type { OpenBreaker } from "./open-breaker.ts";

/** Carries an attempt out and tells log, metrics and breaker. Never rejects. */
export async function followAttempt(
  parts: DispatcherParts,
  attempt: Attempt,
  { breaker, isProbe }: { readonly breaker: OpenBreaker; readonly isProbe: boolean },
): Promise<AttemptEnd> {
  const { metrics } = parts;
  const { task, claim } = attempt;
  const facts = { taskId: task.id, attempt: claim.attempt, runId: claim.runId };
  parts.logger.info(facts, "attempt begins");
  metrics.taskStarted(measureAge(task.createdAt));
  const end = await carryOut(parts, attempt).catch((error: unknown): AttemptEnd => {
    parts.logger.error({ ...facts, err: error }, "an attempt failed in an unknown way");
    return { kind: "lost" };
  });
  await attempt[Symbol.asyncDispose]();
  breaker.settle(end.kind === "ended" ? toVerdict(end.end.result) : "silent", isProbe);
  if (end.kind === "ended") {
    const { outcome, reason, usage } = end.end.result;
    metrics.taskEnded({ state: end.state, outcome, code: reason?.code ?? null, ms: measureAge(task.createdAt), usage });
    parts.logger.info({ ...facts, state: end.state, code: reason?.code }, "attempt ends");
  } else {
    parts.logger.warn({ ...facts, end: end.kind }, "attempt ends without a result");
  }
  return end;
}
