import { WorkerError } from "../../core/worker-error.ts";
import type { RunRecord } from "../../store/run-record.ts";
import type { Store, StoredRun } from "../../store/store.ts";
import { isCollectable, readRunState } from "../../worker/cleaning/run-state.ts";

/** A run that a task server carries out, or has carried out. */
export type ServerRun = StoredRun & {
  readonly record: RunRecord & { readonly server: NonNullable<RunRecord["server"]> };
};

/** The named runs; without names all that a server may still have something of. Throws RUN_NOT_FOUND, also for runs without a server. */
export async function chooseServerRuns(store: Store, names: readonly string[]): Promise<readonly ServerRun[]> {
  if (names.length === 0) {
    const all = (await store.listRuns()).flatMap((run) => toServerRun(run) ?? []);
    return all.filter((run) => isCollectable(run.record));
  }
  return Promise.all(names.map(async (name) => requireServerRun(await store.readRun(name))));
}

export function requireServerRun(run: StoredRun): ServerRun {
  const found = toServerRun(run);
  if (found !== null) return found;
  throw new WorkerError("RUN_NOT_FOUND", `The run ${run.id} was not handed to a server${describe(run)}.`, {
    hint: "Only runs in server mode can be waited for, collected and resumed. agent-worker runs show tells about the others.",
  });
}

function describe({ problem }: StoredRun): string {
  return problem === null ? "" : ` (${problem})`;
}

function toServerRun({ id, paths, record, problem }: StoredRun): ServerRun | null {
  const server = record?.server;
  if (record === null || server === undefined || problem !== null) return null;
  return { id, paths, problem, record: { ...record, server } };
}

/** Throws USAGE where a living process follows the run, here or elsewhere. */
export function requireUnfollowed(run: ServerRun): void {
  const state = readRunState(run);
  const { pid, host } = run.record;
  if (state !== "running" && state !== "elsewhere") return;
  throw new WorkerError("USAGE", `The run ${run.id} is followed by process ${pid} on ${host}.`, {
    hint: `agent-worker runs logs ${run.id} --follow shows how it goes.`,
  });
}
