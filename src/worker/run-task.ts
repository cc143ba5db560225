import type { AgentEvent, AgentResult } from "../core/agent-event.ts";
import type { CancelSignal } from "../core/outcome.ts";
import { toOutcome } from "../core/outcome.ts";
import { toReason } from "../core/reason.ts";
import type { EventListener } from "../core/run-event.ts";
import type { RunReport } from "../core/run-report.ts";
import type { RunOptions, Runner, RunRequest } from "../core/runner.ts";
import { emptyTimings, emptyUsage } from "../core/empty.ts";
import type { Usage } from "../core/usage.ts";
import type { Warning } from "../core/warning.ts";
import { toWorkerError, WorkerError } from "../core/worker-error.ts";
import { reserveBranch } from "../git/branch.ts";
import type { GitSettings } from "../git/git-environment.ts";
import { createChangesReader } from "../git/read-changes.ts";
import type { Reservation } from "../git/reservation.ts";
import { buildReport } from "../report/build-report.ts";
import { openEventLog } from "../store/event-log.ts";
import type { RunFiles } from "../store/run-files.ts";
import { writeAtomic } from "../util/write-atomic.ts";
import { createEventStream } from "./event-stream.ts";
import { planTask } from "./plan-task.ts";
import type { TaskPlan } from "./plan-task.ts";
import { publishWork } from "./publish-work.ts";
import type { Published } from "./publish-work.ts";
import { openRunGround, toBranchRecord } from "./run-ground.ts";
import type { GroundParts, RunGround } from "./run-ground.ts";

/** What a run is made of; built in wire.ts. */
export interface RunnerParts extends GroundParts {
  readonly executionMode: RunReport["executionMode"];
  readonly git: GitSettings;
  /** Handed in by who began to plan before all of this was loaded. */
  readonly planTask?: typeof planTask;
}

/** A run as far as it has come; turned into a report at its end. */
export interface Run {
  readonly parts: RunnerParts;
  readonly ground: RunGround;
  readonly request: RunRequest;
  readonly options: RunOptions;
  readonly plan: TaskPlan;
  readonly files: RunFiles;
  readonly startedAt: Date;
  readonly warnings: Warning[];
  readonly prepareMs: number;
  usage: Usage;
}

export function createRunner(parts: RunnerParts): Runner {
  return async (request, options) => {
    const startedAt = new Date();
    const planning = (parts.planTask ?? planTask)(request, parts.git, options.signal);
    await using ground = openRunGround(parts, { request, options, planning });
    const plan = await planning.plan;
    // A branch is never reserved that no record tells of.
    const files = await ground.recorded;
    const reservation = await reserveBranch(plan.repository, plan.branch, options.signal);
    ground.keepRecord();
    const prepareMs = Date.now() - startedAt.getTime();
    const usage = emptyUsage;
    const run = { parts, ground, request, options, plan, files, startedAt, prepareMs, warnings: [], usage };
    return await runReserved(run, reservation);
  };
}

/** From here on every ending is a report. */
export async function runReserved(run: Run, reservation: Reservation): Promise<RunReport> {
  const { request, options, files } = run;
  // With `suffix` it may be another branch than was planned; the planned one is somebody else's then.
  if (reservation.plan.name !== run.plan.branch.name) {
    files.tryUpdate({ branch: toBranchRecord(reservation.plan) });
  }
  await using eventLog = openEventLog(files.events);
  const keep: EventListener = (event) => {
    eventLog.append(event);
    // An agent that prints faster than the disk writes must not fill the memory.
    return eventLog.ready();
  };
  const emit = createEventStream(request.task.runId, [keep, options.onEvent]);
  const warn = async (warnings: readonly Warning[]): Promise<void> => {
    run.warnings.push(...warnings);
    for (const warning of warnings) await emit({ type: "warning", data: warning });
  };
  await emit(buildStarted(run, reservation));
  await warn(request.warnings);
  const { result, published, warnings } = await runAgent(run, reservation, emit);
  await warn([...warnings, ...published.warnings, ...[eventLog.warning() ?? []].flat()]);
  const report = buildRunReport(run, { result, published, reservation });
  const { outcome, reason, timings, usage } = report;
  if (reason !== null) await emit({ type: "error", data: { code: reason.code, message: reason.message } });
  await emit({ type: "complete", data: { ...result, outcome, reason, timings, usage } });
  keepReport(files, report);
  return report;
}

/** One that cannot be kept is printed all the same. */
function keepReport(files: RunFiles, report: RunReport): void {
  try {
    writeAtomic(files.report, `${JSON.stringify(report, null, 2)}\n`, 0o600);
  } catch {
    // The disk refuses.
  }
  files.tryUpdate({ endedAt: report.endedAt, outcome: report.outcome });
}

/** Publishes as soon as the agent is complete, while its container is taken down. */
async function runAgent(
  run: Run,
  reservation: Reservation,
  emit: (event: AgentEvent) => Promise<void>,
): Promise<{ result: AgentResult; published: Published; warnings: readonly Warning[] }> {
  const { ground, request, options, plan } = run;
  const { task } = request;
  const { signal, killSignal } = options;
  const warnings: Warning[] = [];
  let result: AgentResult | null = null;
  let publishing: Promise<Published> | null = null;
  await using changes = createChangesReader(plan.repository);
  const publish = (ended: AgentResult): Promise<Published> =>
    publishWork({ changes, reservation, runId: task.runId, result: ended });
  try {
    await using places = await ground.places;
    const { base } = plan.branch;
    const context = {
      ...(await ground.place),
      base: base.sha,
      branch: reservation.plan.name,
      signal,
      killSignal,
    };
    for await (const event of ground.agent.run(task, context)) {
      if (event.type === "complete") {
        result = event.data;
        publishing = publish(event.data);
        continue;
      }
      if (event.type === "warning") run.warnings.push(event.data);
      if (event.type === "progress" && event.data.phase === "collect") changes.begin();
      if (event.type === "usage") run.usage = event.data;
      await emit(event);
    }
    warnings.push(...places.logs.warnings());
  } catch (error) {
    const cause = toWorkerError(error);
    // The work itself is done: what could not be taken down is for the user to know.
    if (result !== null) warnings.push({ code: "CLEANUP_FAILED", message: cause.message });
    else result = buildFailedResult(run, cause);
  }
  result ??= buildFailedResult(run, new WorkerError("INTERNAL", "The agent ended without saying how."));
  return { result, published: await (publishing ?? publish(result)), warnings };
}

function buildStarted({ parts, request, plan }: Run, reservation: Reservation): AgentEvent {
  return {
    type: "run.started",
    data: {
      title: request.task.title,
      executionMode: parts.executionMode,
      agent: parts.agent.name,
      repository: plan.repository.path,
      base: reservation.plan.base.sha,
      branch: reservation.plan.name,
    },
  };
}

function buildFailedResult({ request, usage }: Run, cause: WorkerError): AgentResult {
  const { agent, model } = request.task;
  return {
    outcome: toOutcome(cause.code),
    reason: toReason(cause),
    commit: null,
    agent: { name: agent, version: null, model: model ?? null, sessionId: null },
    container: null,
    usage,
    timings: emptyTimings,
  };
}

interface RunEnd {
  readonly result: AgentResult;
  readonly published: Published;
  readonly reservation: Reservation;
}

function buildRunReport(run: Run, { result, published, reservation }: RunEnd): RunReport {
  const { parts, request, options, plan, startedAt } = run;
  return buildReport({
    runId: request.task.runId,
    task: request.task,
    outcome: published.outcome,
    reason: published.reason,
    cancelSignal: readCancelSignal(options.signal),
    executionMode: parts.executionMode,
    result,
    repository: { path: plan.repository.path, base: reservation.plan.base },
    branch: published.branch,
    stats: published.stats,
    warnings: run.warnings,
    prepareMs: run.prepareMs,
    startedAt,
    endedAt: new Date(),
    attempts: 1,
  });
}

function readCancelSignal(signal: AbortSignal): CancelSignal | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason === "SIGTERM" ? "SIGTERM" : "SIGINT";
}
