import { chmod, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { startContainer } from "../../container/container.ts";
import { buildContainerLabels } from "../../container/container-labels.ts";
import type { ContainerSpec } from "../../container/container-profile.ts";
import { openControl } from "../../container/control.ts";
import type { ContainerOrder } from "../../container/control.ts";
import type { Engine } from "../../container/engine.ts";
import { readHostMapping } from "../../container/host-mapping.ts";
import { ensureImage } from "../../container/image.ts";
import type { Image } from "../../container/image.ts";
import { toOutcome } from "../../core/outcome.ts";
import { toReason } from "../../core/reason.ts";
import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { openGateway } from "../../gateway/gateway.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { createTail } from "../../util/tail.ts";
import type { Verdict } from "./agent-cli.ts";
import { buildResult } from "./attempt.ts";
import type { Attempt, Progress } from "./attempt.ts";
import { startClock } from "./clock.ts";
import { buildCommitMessage } from "./commit-message.ts";
import { chooseContainerUser, readCaller } from "./container-user.ts";
import type { ContainerUser } from "./container-user.ts";
import { followSession } from "./follow-session.ts";
import { removeQuietly } from "./session.ts";
import { createDeadline } from "./deadline.ts";
import { prepareObjects } from "./prepare-objects.ts";
import type { ObjectSource } from "./prepare-objects.ts";

/**
 * One attempt, start to end. Emits `complete` as soon as the work is in the repository, and only then takes the container
 * down: the caller publishes meanwhile. Rejects only if something could not be taken down.
 */
export async function runAttempt(attempt: Attempt): Promise<void> {
  const { cli } = attempt;
  const progress: Progress = {
    clock: startClock(),
    reader: cli.openReader(),
    gateway: null,
    container: null,
    onActivity: () => undefined,
  };
  let completed = false;
  const complete = async (verdict: Verdict, commit: string | null): Promise<void> => {
    completed = true;
    await attempt.emit({ type: "complete", data: buildResult(attempt, progress, { ...verdict, commit }) });
  };
  try {
    await runInContainer(attempt, progress, complete);
  } catch (error) {
    if (completed) throw error;
    const cause = attempt.context.signal.aborted ? toCancelled(error, attempt, progress) : toWorkerError(error);
    await complete({ outcome: toOutcome(cause.code), reason: toReason(cause) }, null);
  }
}

async function runInContainer(
  attempt: Attempt,
  progress: Progress,
  complete: (verdict: Verdict, commit: string | null) => Promise<void>,
): Promise<void> {
  const { context } = attempt;
  const { signal, runtimeDirectory } = context;
  await using engine = await attempt.engine.engine;
  if (engine.isRemote) throw toRemoteError(engine.endpoint);
  const image = openImage(engine, attempt);
  image.catch(() => undefined);
  const caller = readCaller();
  const mapping = readHostMapping(engine, caller.uid, signal);
  mapping.catch(() => undefined);
  const sockets = join(runtimeDirectory, "run");
  await mkdir(sockets);
  // The container's user comes through here, whatever the caller's umask is.
  await chmod(sockets, 0o755);
  await using gateway = await openModelGateway(attempt, progress, sockets);
  const controlSocket = join(sockets, "control.sock");
  await using control = await openControl(controlSocket, signal);
  const { shiftsIds, needsLabels: relabel } = await mapping;
  const user = chooseContainerUser(caller, { shiftsIds });
  const objects = await prepareObjects({
    repository: context.repository,
    base: context.base,
    isCaller: user.isCaller,
    relabel,
    directory: join(context.scratchDirectory, "objects"),
    signal,
  });
  const { id: imageId } = await image;
  progress.clock.mark("image");
  const spec = buildSpec(attempt, { image: imageId, user, relabel, sockets, objects });
  await using container = await startContainer(engine, spec, signal);
  context.logs.container(container.id);
  // Everything that waits for the container sees it gone, and ends.
  const remove = (): void => removeQuietly(container);
  context.killSignal?.addEventListener("abort", remove, { once: true });
  const order = buildOrder(attempt, objects);
  using deadline = createDeadline(remove);
  const session = { attempt, progress, container, control, controlSocket, deadline, order, objects, imageId, gateway };
  const { verdict, commit, drained } = await followSession({ ...session, stderrTail: createTail(4_000) });
  await complete(verdict, commit);
  await drained;
}

/** The image, built where it is not there: a mirror that never answers must not hold a run for ever. */
async function openImage(engine: Engine, { settings, context, emit, engine: prepared }: Attempt): Promise<Image> {
  const found = await prepared.image;
  if (found !== undefined) return found;
  const timeout = AbortSignal.timeout(settings.patience.imageMs);
  const signal = AbortSignal.any([context.signal, timeout]);
  const onProgress = (text: string): void => void emit({ type: "image.progress", data: { text } });
  try {
    return await ensureImage(engine, settings.image, { signal, onProgress });
  } catch (cause) {
    if (!timeout.aborted || context.signal.aborted) throw cause;
    const minutes = Math.round(settings.patience.imageMs / 60_000);
    throw new WorkerError("IMAGE_BUILD", `The image was not ready within ${minutes} minutes.`, { cause });
  }
}

async function openModelGateway({ settings, context }: Attempt, progress: Progress, sockets: string): Promise<Gateway> {
  progress.gateway = await openGateway({
    socketPath: join(sockets, "gateway.sock"),
    upstream: settings.upstream,
    audit: (record) => {
      context.logs.egress(record);
      progress.onActivity();
    },
  });
  return progress.gateway;
}

interface SpecParts {
  readonly image: string;
  readonly user: ContainerUser;
  readonly relabel: boolean;
  readonly sockets: string;
  readonly objects: ObjectSource;
}

function buildSpec({ settings, task }: Attempt, { image, user, relabel, sockets, objects }: SpecParts): ContainerSpec {
  return {
    image,
    user,
    relabel,
    command: ["node", "/opt/agent-worker/entry/main.cjs"],
    environment: { AGENT_WORKER_CONTAINER: "1" },
    labels: buildContainerLabels(task.runId),
    mounts: [
      { source: settings.entryDirectory, target: "/opt/agent-worker/entry" },
      { source: sockets, target: "/opt/agent-worker/run" },
      ...objects.mounts,
    ],
    limits: settings.limits,
  };
}

function buildOrder({ cli, settings, task, context }: Attempt, objects: ObjectSource): ContainerOrder {
  const { argv, environment } = cli.buildCommand(task, settings.upstream.credential.kind);
  return {
    mode: "run",
    directory: toDirectoryName(context.repository.path),
    branch: context.branch,
    base: context.base,
    objectFormat: context.repository.objectFormat,
    objectDirectories: objects.count,
    shallow: objects.shallow,
    command: argv,
    environment,
    author: settings.author,
    commitMessage: buildCommitMessage(task),
  };
}

/** The agent should see the repository's own name. */
function toDirectoryName(path: string): string {
  const name = basename(path)
    .replace(/\.git$/, "")
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[.-]+/, "");
  return name === "" ? "repository" : name;
}

/** After a cancel whatever fails is told as a cancel, with what it means for the work. */
function toCancelled(cause: unknown, { context }: Attempt, { clock }: Progress): WorkerError {
  const isLost = clock.timings().startMs > 0;
  const how = context.killSignal?.aborted ? "was given up" : `could not be kept: ${toWorkerError(cause).message}`;
  const what = isLost ? `; what the agent had done ${how}` : " before the agent had started";
  return new WorkerError("CANCELLED", `The run was cancelled${what}.`, { cause });
}

function toRemoteError(endpoint: string): WorkerError {
  return new WorkerError("ENGINE_REMOTE", `The engine at ${endpoint} is on another machine.`, {
    hint: "Directories and sockets cannot be shared with it: use an engine on this machine.",
  });
}
