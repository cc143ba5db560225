import { chmod, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createContainer } from "../../container/container.ts";
import { buildContainerLabels } from "../../container/container-labels.ts";
import type { ContainerSpec } from "../../container/container-profile.ts";
import { orderFileName, writeOrder } from "../../container/container-order.ts";
import type { ContainerOrder } from "../../container/container-order.ts";
import { controlSocketName, openControl } from "../../container/control.ts";
import type { Engine } from "../../container/engine.ts";
import { readHostMapping } from "../../container/host-mapping.ts";
import { ensureImage } from "../../container/image.ts";
import type { Image } from "../../container/image.ts";
import type { AgentLogs } from "../../core/agent.ts";
import { toOutcome } from "../../core/outcome.ts";
import { toReason } from "../../core/reason.ts";
import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { openGateway } from "../../gateway/gateway.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { createTail } from "../../util/tail.ts";
import type { Verdict } from "./agent-cli.ts";
import { buildResult } from "./attempt.ts";
import type { Attempt, EarlyAttempt, Progress } from "./attempt.ts";
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
 * One attempt, start to end; its container is made while the branch is still being reserved. Emits `complete` as soon as the work is in the repository, and only then takes the container
 * down: the caller publishes meanwhile. Rejects only if something could not be taken down.
 */
export async function runAttempt(early: EarlyAttempt): Promise<void> {
  const { cli } = early;
  const progress: Progress = {
    clock: startClock(),
    reader: cli.openReader(),
    gateway: null,
    container: null,
    onActivity: () => undefined,
  };
  // What comes before is told as the time it took to reserve the branch.
  early.context.then(
    () => progress.clock.restart(),
    () => undefined,
  );
  let completed = false;
  const complete = async (verdict: Verdict, commit: string | null): Promise<void> => {
    completed = true;
    await early.emit({ type: "complete", data: buildResult(early, progress, { ...verdict, commit }) });
  };
  try {
    await runInContainer(early, progress, complete);
  } catch (error) {
    if (completed) throw error;
    const cause = early.signal.aborted ? toCancelled(error, early, progress) : toWorkerError(error);
    await complete({ outcome: toOutcome(cause.code), reason: toReason(cause) }, null);
  }
}

async function runInContainer(
  early: EarlyAttempt,
  progress: Progress,
  complete: (verdict: Verdict, commit: string | null) => Promise<void>,
): Promise<void> {
  const { cli, settings, task, emit, signal } = early;
  await using engine = await early.engine.engine;
  if (engine.isRemote) throw toRemoteError(engine.endpoint);
  const caller = readCaller();
  const mapping = readHostMapping(engine, caller.uid, signal);
  mapping.catch(() => undefined);
  const place = await early.place;
  const runDirectory = await makeRunDirectory(place.runtimeDirectory);
  const { shiftsIds, needsLabels: relabel } = await mapping;
  const user = chooseContainerUser(caller, { shiftsIds });
  const { repository, base, scratchDirectory } = place;
  const directory = join(scratchDirectory, "objects");
  const objects = await prepareObjects({ repository, base, isCaller: user.isCaller, relabel, directory, signal });
  const { id: imageId } = await openImage(engine, early);
  progress.clock.mark("image");
  const spec = buildSpec(early, { image: imageId, user, relabel, runDirectory, objects });
  const creating = createContainer(engine, spec, signal);
  await using _ = own(creating);
  await using gateway = await openModelGateway(early, place.logs, { progress, runDirectory });
  await using control = await openControl(join(runDirectory, controlSocketName), signal);
  const container = await creating;
  place.logs.container(container.id);
  // Everything that waits for the container sees it gone, and ends.
  const remove = (): void => removeQuietly(container);
  early.killSignal?.addEventListener("abort", remove, { once: true });
  using deadline = createDeadline(remove);
  const attempt = { cli, settings, task, emit, context: await early.context };
  const order = buildOrder(attempt, objects);
  await writeOrder(join(runDirectory, orderFileName), order);
  await container.start();
  const session = { attempt, progress, container, control, runDirectory, deadline, order, objects, imageId, gateway };
  const { verdict, commit, drained } = await followSession({ ...session, stderrTail: createTail(4_000) });
  await complete(verdict, commit);
  await drained;
}

/** Disposes of what is still being made, also where what comes meanwhile goes wrong. */
function own(making: Promise<AsyncDisposable>): AsyncDisposable {
  making.catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      const [made] = await Promise.allSettled([making]);
      if (made.status === "fulfilled") await made.value[Symbol.asyncDispose]();
    },
  };
}

/** The container's user comes through here, whatever the caller's umask is. */
async function makeRunDirectory(runtimeDirectory: string): Promise<string> {
  const directory = join(runtimeDirectory, "run");
  await mkdir(directory);
  await chmod(directory, 0o755);
  return directory;
}

/** The image, built where it is not there: a mirror that never answers must not hold a run for ever. */
async function openImage(engine: Engine, early: EarlyAttempt): Promise<Image> {
  const { settings, emit } = early;
  const found = await early.engine.image;
  if (found !== undefined) return found;
  await early.context;
  const timeout = AbortSignal.timeout(settings.patience.imageMs);
  const signal = AbortSignal.any([early.signal, timeout]);
  const onProgress = (text: string): void => void emit({ type: "image.progress", data: { text } });
  try {
    return await ensureImage(engine, settings.image, { signal, onProgress });
  } catch (cause) {
    if (!timeout.aborted || early.signal.aborted) throw cause;
    const minutes = Math.round(settings.patience.imageMs / 60_000);
    throw new WorkerError("IMAGE_BUILD", `The image was not ready within ${minutes} minutes.`, { cause });
  }
}

async function openModelGateway(
  { settings }: EarlyAttempt,
  logs: AgentLogs,
  { progress, runDirectory }: { readonly progress: Progress; readonly runDirectory: string },
): Promise<Gateway> {
  progress.gateway = await openGateway({
    socketPath: join(runDirectory, "gateway.sock"),
    upstream: settings.upstream,
    audit: (record) => {
      logs.egress(record);
      progress.onActivity();
    },
  });
  return progress.gateway;
}

interface SpecParts {
  readonly image: string;
  readonly user: ContainerUser;
  readonly relabel: boolean;
  readonly runDirectory: string;
  readonly objects: ObjectSource;
}

function buildSpec(
  { settings, task }: EarlyAttempt,
  { image, user, relabel, runDirectory, objects }: SpecParts,
): ContainerSpec {
  return {
    image,
    user,
    relabel,
    command: ["node", "/opt/agent-worker/entry/main.cjs"],
    environment: { AGENT_WORKER_CONTAINER: "1" },
    labels: buildContainerLabels(task.runId),
    mounts: [
      { source: settings.entryDirectory, target: "/opt/agent-worker/entry" },
      { source: runDirectory, target: "/opt/agent-worker/run" },
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
function toCancelled(cause: unknown, { killSignal }: EarlyAttempt, { clock }: Progress): WorkerError {
  const isLost = clock.timings().startMs > 0;
  const how = killSignal?.aborted ? "was given up" : `could not be kept: ${toWorkerError(cause).message}`;
  const what = isLost ? `; what the agent had done ${how}` : " before the agent had started";
  return new WorkerError("CANCELLED", `The run was cancelled${what}.`, { cause });
}

function toRemoteError(endpoint: string): WorkerError {
  return new WorkerError("ENGINE_REMOTE", `The engine at ${endpoint} is on another machine.`, {
    hint: "Directories and sockets cannot be shared with it: use an engine on this machine.",
  });
}
