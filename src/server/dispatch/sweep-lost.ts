import { z } from "zod";
import type { Metrics } from "../../metrics/metrics.ts";
import { taskEventSchema } from "../../protocol/task-event.ts";
import { isTerminal } from "../../protocol/task-state.ts";
import type { StoredTask, TaskStore } from "../../store/tasks/task-store.ts";
import { parseJson } from "../../util/parse-json.ts";
import type { AttemptRefs, Repositories } from "../repositories/repositories.ts";
import { tellEnd } from "../tell-end.ts";
import type { Logger } from "../logger.ts";

interface SweepParts {
  readonly store: Pick<TaskStore, "sweep" | "readEvents">;
  readonly repositories: Pick<Repositories, "locate" | "unpublish" | "dropRun">;
  readonly metrics: Pick<Metrics, "taskEnded">;
  readonly logger: Pick<Logger, "warn">;
}

/**
 * Sweeps until nothing is left whose lease was over before `now`. What a lost attempt had published is taken away where no other
 * try follows; else that begins with it. Answers the tasks.
 */
export async function sweepLost(parts: SweepParts, now: number): Promise<readonly StoredTask[]> {
  const all: StoredTask[] = [];
  for (;;) {
    const swept = await parts.store.sweep(now);
    if (swept.length === 0) return all;
    all.push(...swept);
    for (const task of swept) await follow(parts, task);
  }
}

async function follow({ store, repositories, metrics, logger }: SweepParts, task: StoredTask): Promise<void> {
  const facts = { taskId: task.id, attempt: task.attempt, state: task.state };
  logger.warn(facts, "an attempt was lost");
  if (isTerminal(task.state)) tellEnd(metrics, task);
  const directory = repositories.locate(task.owner, task.request.repository);
  try {
    if (isTerminal(task.state)) await repositories.unpublish(directory, task.id);
    const run = await findRun(store, task);
    if (run !== undefined) await repositories.dropRun(directory, run);
  } catch (error) {
    logger.warn({ ...facts, err: error }, "refs of a lost attempt were left behind");
  }
}

const startedSchema = taskEventSchema.extend({
  type: z.literal("run.started"),
  data: z.object({ branch: z.string() }),
});
const pageSize = 500;

/** The run of the attempt that was lost, as its first event told; undefined where it never came so far. */
async function findRun(
  store: Pick<TaskStore, "readEvents">,
  { id, attempt }: StoredTask,
): Promise<Pick<AttemptRefs, "runId" | "branch"> | undefined> {
  let found: Pick<AttemptRefs, "runId" | "branch"> | undefined;
  for (let after = 0; ;) {
    const page = await store.readEvents(id, { after, limit: pageSize });
    const last = page?.events.at(-1);
    if (page === null || last === undefined) return found;
    const started = page.events.flatMap(({ text }) => parseStarted(text) ?? []);
    // The last one: an attempt that was handed back is not counted, and the next has its number again.
    const own = started.findLast((event) => event.attempt === attempt);
    if (own !== undefined) found = { runId: own.runId, branch: own.data.branch };
    after = last.seq;
  }
}

function parseStarted(text: string): z.infer<typeof startedSchema> | undefined {
  // Most events are something else, and some are long.
  return text.includes('"run.started"') ? startedSchema.safeParse(parseJson(text)).data : undefined;
}
