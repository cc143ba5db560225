import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { orderFileName, writeOrder } from "../../container/container-order.ts";
import type { Engine } from "../../container/engine.ts";
import type { Image } from "../../container/image.ts";
import type { AgentPlace } from "../../core/agent.ts";
import { toOutcome } from "../../core/outcome.ts";
import { toReason } from "../../core/reason.ts";
import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import type { Repository } from "../../git/repository.ts";
import { createTail } from "../../util/tail.ts";
import type { Verdict } from "./agent-cli.ts";
import { buildResult } from "./attempt.ts";
import type { EarlyAttempt, Progress } from "./attempt.ts";
import { buildCommand, buildLaunch, buildOrder } from "./build-order.ts";
import { startClock } from "./clock.ts";
import { createDeadline } from "./deadline.ts";
import { layOutWorkspace } from "./lay-out-workspace.ts";
import { openContainer, readMapping } from "./open-container.ts";
import type { ContainerGround, ContainerPlace, GivenOrder } from "./open-container.ts";
import { loadSecondPhase } from "./second-phase.ts";
import { removeQuietly } from "./session.ts";
import type { WarmAgent } from "./warm/open-warm-agent.ts";

/**
 * One attempt, start to end; its container is made while the branch is still being reserved. Emits `complete` as soon as the work is in the repository, and only then takes the container
 * down: the caller publishes meanwhile. Rejects only if something could not be taken down.
 */
export async function runAttempt(early: EarlyAttempt): Promise<void> {
  const progress: Progress = {
    clock: startClock(),
    reader: null,
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
  const mapping = readMapping(engine, signal);
  const place = await early.place;
  const warm = await takeWarm(early, place);
  const ground = buildGround(early, { engine, mapping, place, progress });
  await using opened = warm ?? (await openContainer(engine, ground, signal));
  warm?.adopt(ground.audit);
  progress.clock.mark("image");
  progress.gateway = opened.gateway;
  const { container } = opened;
  place.logs.container(container.id);
  // Everything that waits for the container sees it gone, and ends.
  const remove = (): void => removeQuietly(container);
  early.killSignal?.addEventListener("abort", remove, { once: true });
  using deadline = createDeadline(remove);
  const given = warm === null ? opened.given : await giveOrder(early, opened, warm);
  const attempt = { settings, task, emit, context: await early.context };
  if (warm === null) await container.start();
  const second = await loadSecondPhase(cli, opened.control);
  progress.reader = second.reader;
  const isWarm = warm?.wasReady ?? false;
  const session = { ...opened, ...second, ...given, attempt, progress, deadline, isWarm };
  const { verdict, commit, drained } = await second.followSession({ ...session, stderrTail: createTail(4_000) });
  await complete(verdict, commit);
  await drained;
}

interface GroundParts {
  readonly engine: Engine;
  readonly mapping: ContainerGround["mapping"];
  readonly place: AgentPlace<Repository>;
  readonly progress: Progress;
}

function buildGround(early: EarlyAttempt, { engine, mapping, place, progress }: GroundParts): ContainerGround {
  const { settings, task, base } = early;
  return {
    ...place,
    base,
    settings,
    mapping,
    runId: task.runId,
    conversationFile: task.session?.file,
    audit(record) {
      place.logs.egress(record);
      progress.onActivity();
    },
    giveOrder: (made) => giveOrder(early, made, null),
    async findImage() {
      const { id } = await openImage(engine, early);
      progress.clock.mark("image");
      return id;
    },
  };
}

/** Once the branch is reserved. A container that is started already has its work tree, and reads its order again. */
async function giveOrder(
  early: EarlyAttempt,
  place: ContainerPlace,
  warm: Pick<WarmAgent, "conversationId"> | null,
): Promise<GivenOrder> {
  const { cli, settings, task } = early;
  const context = await early.context;
  const { repository } = context;
  const conversationId = warm?.conversationId ?? randomUUID();
  const command = buildCommand({ cli, settings, repository, task, conversationId });
  const order = buildOrder({ ...context, settings, task, command });
  writeOrder(join(place.runDirectory, orderFileName), order);
  if (warm === null) {
    const branch = settings.branchInside ?? context.branch;
    const launch = buildLaunch(command, task.session !== undefined);
    layOutWorkspace(place, order, { repository, branch, launch });
  }
  return { order, command };
}

/** An agent that waits for such a task, if it still does when its prompt can be sent. */
async function takeWarm(
  { cli, settings, task, signal, context, base }: EarlyAttempt,
  { repository }: AgentPlace<Repository>,
): Promise<WarmAgent | null> {
  if (settings.warm === undefined) return null;
  const warm = await settings.warm.take({ cli, settings, repository, base: await base, task }, signal);
  if (warm === null) return null;
  try {
    await context;
    if (!warm.isSpoiled()) return warm;
  } catch (error) {
    await warm[Symbol.asyncDispose]();
    throw error;
  }
  await warm[Symbol.asyncDispose]();
  return null;
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
  // Rarely needed, and then for seconds or minutes.
  const { ensureImage } = await import("../../container/ensure-image.ts");
  try {
    return await ensureImage(engine, settings.image, { signal, onProgress });
  } catch (cause) {
    if (!timeout.aborted || early.signal.aborted) throw cause;
    const minutes = Math.round(settings.patience.imageMs / 60_000);
    throw new WorkerError("IMAGE_BUILD", `The image was not ready within ${minutes} minutes.`, { cause });
  }
}

/** After a cancel whatever fails is told as a cancel, with what it means for the work. */
function toCancelled(cause: unknown, { killSignal }: EarlyAttempt, { clock }: Progress): WorkerError {
  const isLost = clock.timings().startMs > 0;
  const how = killSignal?.aborted ? "was given up" : `could not be kept: ${toWorkerError(cause).message}`;
  const what = isLost ? `; what the agent had done ${how}` : " before the agent had started";
  return new WorkerError("CANCELLED", `The run was cancelled${what}.`, { cause });
}
