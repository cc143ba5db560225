import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import type { Store, StoredRun } from "../../store/store.ts";
import { parseDuration } from "../../util/duration.ts";
import { toPrintable } from "../../util/printable.ts";
import { quote } from "../../util/quote.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { cleanRun } from "../../worker/cleaning/clean-run.ts";
import type { CleaningRequest, CleaningSetting } from "../../worker/cleaning/clean-run.ts";
import { createCleaningPorts } from "../../worker/cleaning/cleaning-ports.ts";
import { buildCleaningSurroundings, openRuns } from "../runs/open-runs.ts";
import { readRunState } from "../../worker/cleaning/run-state.ts";

type RunsCleanOptions = Pick<CommandOptions, "flags" | "runIds" | "olderThan" | "force">;

/**
 * `runs clean`: removes what killed runs left behind; with ids or an age also those runs themselves. Goes on after a
 * failure; the exit code is then that of the first.
 */
export async function runsCleanCommand(options: RunsCleanOptions, context: CliContext): Promise<number> {
  const { config, store } = await openRuns(options, context);
  const setting = { store, ports: createCleaningPorts(buildCleaningSurroundings(config), context.signal) };
  const named = options.runIds.length > 0;
  const { chosen, remove } = await chooseRuns(store, options);
  const request: CleaningRequest = { remove, force: options.force, dryRun: config.dryRun };
  const exitCodes: number[] = [];
  for (const run of chosen) {
    const { done, problem } = await tryToClean(run, request, setting);
    if (done.length > 0) context.stdout.write(`${toPrintable(`${run.id}: ${done.join(", ")}`)}\n`);
    context.signal.throwIfAborted();
    if (problem === null) continue;
    context.stderr.write(`${toPrintable(`${run.id}: ${problem.message}`)}\n`);
    // With an age nobody asked for this very run.
    if (!problem.refused || named) exitCodes.push(problem.exit);
  }
  if (!config.dryRun) await store.sweep();
  if (chosen.length === 0) context.stderr.write("There is nothing to clean up.\n");
  return exitCodes[0] ?? 0;
}

interface Cleaned {
  readonly done: readonly string[];
  readonly problem: { readonly message: string; readonly exit: number; readonly refused: boolean } | null;
}

async function tryToClean(run: StoredRun, request: CleaningRequest, setting: CleaningSetting): Promise<Cleaned> {
  try {
    const { done, refused } = await cleanRun(run, request, setting);
    const problem = refused === null ? null : { message: `left alone: ${refused}`, exit: 2, refused: true };
    return { done, problem };
  } catch (error) {
    const { message, hint, exit } = toWorkerError(error);
    return { done: [], problem: { message: `${message} ${hint}`, exit, refused: false } };
  }
}

interface Choice {
  readonly chosen: readonly StoredRun[];
  readonly remove: boolean;
}

async function chooseRuns(store: Store, { runIds, olderThan }: RunsCleanOptions): Promise<Choice> {
  const before = olderThan === undefined ? undefined : Date.now() - parseAge(olderThan);
  if (runIds.length > 0) {
    // All are looked up before the first is removed.
    return { chosen: await Promise.all(runIds.map((id) => store.readRun(id))), remove: true };
  }
  const all = await store.listRuns();
  if (before === undefined) {
    return { chosen: all.filter(isUncleaned), remove: false };
  }
  const isOld = ({ record }: StoredRun): boolean => record !== null && Date.parse(record.createdAt) < before;
  return { chosen: all.filter((run) => isOld(run) && readRunState(run) !== "running"), remove: true };
}

function isUncleaned(run: StoredRun): boolean {
  return readRunState(run) === "killed" && run.record?.endedAt === null;
}

function parseAge(text: string): number {
  const ageMs = parseDuration(text);
  if (ageMs !== undefined) return ageMs;
  throw new WorkerError("USAGE", `--older-than takes a duration, not ${quote(text)}.`, {
    hint: "For example: --older-than 30d",
  });
}
