import type { Agent, AgentPlace } from "../core/agent.ts";
import type { RunOptions, RunRequest } from "../core/runner.ts";
import type { BranchPlan } from "../git/branch.ts";
import type { Repository } from "../git/repository.ts";
import type { RunFiles } from "../store/run-files.ts";
import type { RunRecord } from "../store/run-record.ts";
import type { Store } from "../store/store.ts";
import type { Planning } from "./plan-task.ts";
import { openRunPlaces } from "./run-places.ts";
import type { RunPlaces } from "./run-places.ts";

export interface GroundParts {
  readonly agent: Agent<Repository>;
  readonly store: Store;
  /** Short parent directory for sockets. */
  readonly runtimeParent: string;
  /** Takes secrets out of a line before it is stored. */
  readonly redact: (line: string) => string;
}

interface GroundRequest {
  readonly request: RunRequest;
  readonly options: RunOptions;
  readonly planning: Planning;
}

/**
 * What a run stands on, made while its branch is still being chosen and reserved: its record, its places, and an agent that gets
 * ready there. Disposing takes all of it away again, but for the record of a run that has its branch.
 */
export interface RunGround extends AsyncDisposable {
  /** The record names the branch. */
  readonly recorded: Promise<RunFiles>;
  readonly places: Promise<RunPlaces>;
  readonly place: Promise<AgentPlace<Repository>>;
  readonly agent: Pick<Agent<Repository>, "run">;
  /** The branch is reserved: from here on every ending is a report, and the record stays. */
  keepRecord(): void;
}

/** Makes nothing before the repository is known. What cannot be made rejects where it is awaited. */
export function openRunGround(parts: GroundParts, { request, options, planning }: GroundRequest): RunGround {
  const { agent, store, runtimeParent, redact } = parts;
  const { signal, killSignal } = options;
  const { task } = request;
  const { repository } = planning;
  const files = repository.then((found) => recordRun(store, request, found));
  const places = files.then((made) => openRunPlaces(runtimeParent, made));
  const place = Promise.all([repository, places]).then(([found, opened]) => {
    const { runtimeDirectory, scratchDirectory, logs } = opened;
    return { repository: found, runtimeDirectory, scratchDirectory, logs, redact };
  });
  const recorded = Promise.all([files, planning.plan]).then(async ([made, { branch }]) => {
    made.update({ branch: toBranchRecord(branch) });
    return made;
  });
  const base = planning.plan.then(({ branch }) => branch.base.sha);
  for (const promise of [files, places, place, recorded, base]) promise.catch(() => undefined);
  const prepared = agent.prepare?.({ task, place, base, signal, killSignal });
  let isKept = false;
  return {
    recorded,
    places,
    place,
    agent: prepared ?? agent,
    keepRecord: () => void (isKept = true),
    async [Symbol.asyncDispose]() {
      await prepared?.[Symbol.asyncDispose]();
      const [made, opened] = await Promise.allSettled([files, places, recorded]);
      if (opened.status === "fulfilled") await opened.value[Symbol.asyncDispose]();
      if (made.status === "fulfilled" && !isKept) await store.removeRun(task.runId).catch(() => undefined);
    },
  };
}

function recordRun(store: Store, { task }: RunRequest, repository: Repository): RunFiles {
  const { path, commonDirectory } = repository;
  return store.createRun({ runId: task.runId, title: task.title, repository: path, commonDirectory });
}

export function toBranchRecord({ name, ref, base, expected }: BranchPlan): NonNullable<RunRecord["branch"]> {
  return { name, ref, base: base.sha, created: expected === null, expected, baseRef: base.ref };
}
