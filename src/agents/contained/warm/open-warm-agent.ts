import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { orderFileName, writeOrder } from "../../../container/container-order.ts";
import { parseMessage } from "../../../container/container-message.ts";
import type { ContainerMessage } from "../../../container/container-message.ts";
import type { Control } from "../../../container/control.ts";
import { connectEngine } from "../../../container/engine.ts";
import { lookUpImage } from "../../../container/image.ts";
import type { Task } from "../../../core/task.ts";
import { WorkerError } from "../../../core/worker-error.ts";
import type { EgressRecord } from "../../../gateway/egress-record.ts";
import type { Repository } from "../../../git/repository.ts";
import { openDisposables } from "../../../util/disposables.ts";
import type { AgentCli } from "../agent-cli.ts";
import { buildCommand, buildLaunch, buildOrder } from "../build-order.ts";
import type { ContainedSettings } from "../contained-settings.ts";
import { layOutWorkspace } from "../lay-out-workspace.ts";
import { openContainer, readMapping } from "../open-container.ts";
import type { ContainerPlace, GivenOrder, OpenedContainer } from "../open-container.ts";
import { checkSelfTest } from "../read-messages.ts";
import { removeQuietly } from "../session.ts";

/** A container whose agent CLI waits for its prompt. What it has said so far is said again to whoever adopts it. */
export interface WarmAgent extends OpenedContainer {
  /** What its conversation is called. */
  readonly conversationId: string;
  /** It was waiting when it was taken; else it had only begun to start. */
  readonly wasReady: boolean;
  /** It has ended, or tried to reach the model without a task. */
  isSpoiled(): boolean;
  /** It has a task now: its gateway opens, and `audit` is told of every request. */
  adopt(audit: (record: EgressRecord) => void): void;
}

/** Where a waiting agent's things are until it has ended; removed when disposed. */
export interface WarmPlace extends AsyncDisposable {
  /** Named in the container's labels: by it a later start finds what a kill left. */
  readonly runId: string;
  readonly runtimeDirectory: string;
  readonly scratchDirectory: string;
  /** The container now exists under this id. */
  container(id: string): void;
}

export interface WarmRequest {
  readonly cli: AgentCli;
  readonly settings: ContainedSettings;
  readonly repository: Repository;
  readonly base: string;
  readonly task: Pick<Task, "prompt" | "model" | "limits">;
  readonly openPlace: (repository: Repository) => Promise<WarmPlace>;
  /** It is of no use any more, and why: it has ended, or done what it should not without a task. */
  readonly onSpoiled: (why: string) => void;
}

/** Resolves when the CLI was started, on a workspace that stands at the base. No image is built for it. */
export async function openWarmAgent(request: WarmRequest, signal: AbortSignal): Promise<Omit<WarmAgent, "wasReady">> {
  const { settings, repository, base } = request;
  let isSpoiled = false;
  const onSpoiled = (why: string): void => {
    isSpoiled = true;
    request.onSpoiled(why);
  };
  await using opening = openDisposables();
  const engine = opening.use(await connectEngine(settings.engine, signal));
  const mapping = readMapping(engine, signal);
  const place = opening.use(await request.openPlace(repository));
  const log = createAudit(onSpoiled);
  const conversationId = randomUUID();
  const opened = opening.use(
    await openContainer(
      engine,
      {
        ...place,
        settings,
        mapping,
        repository,
        base: Promise.resolve(base),
        conversationFile: undefined,
        audit: log.audit,
        isOpen: log.isOpen,
        findImage: () => findImage(engine, settings, signal),
        giveOrder: async (made) => giveFirstOrder(request, made, conversationId),
      },
      signal,
    ),
  );
  place.container(opened.container.id);
  const control = await start(opened, { signal, onSpoiled });
  const moved = opening.move();
  return {
    ...opened,
    control,
    conversationId,
    isSpoiled: () => isSpoiled,
    adopt: log.adopt,
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  };
}

async function findImage(...[engine, settings, signal]: ImageSearch): Promise<string> {
  const image = await lookUpImage(engine, settings.image, signal);
  if (image === undefined) throw new WorkerError("IMAGE_NOT_FOUND", "The image is not there yet.");
  return image.id;
}

type ImageSearch = readonly [Parameters<typeof lookUpImage>[0], ContainedSettings, AbortSignal];

function giveFirstOrder(
  { cli, settings, repository, base, task }: WarmRequest,
  place: ContainerPlace,
  conversationId: string,
): GivenOrder {
  const command = buildCommand({ cli, settings, repository, task, conversationId });
  // Another one says the rest when there is a task.
  const unknown = { runId: "", title: "" };
  const order = buildOrder({ settings, repository, base, task: unknown, command });
  writeOrder(join(place.runDirectory, orderFileName), order);
  const branch = settings.branchInside ?? "agent/task";
  layOutWorkspace(place, order, { repository, branch, launch: buildLaunch(command, false) });
  return { order, command };
}

const mostRecords = 100;

/** Nothing is let through before there is a task, but what was tried is in its log. */
function createAudit(onSpoiled: (why: string) => void): {
  readonly audit: (record: EgressRecord) => void;
  readonly isOpen: () => boolean;
  readonly adopt: WarmAgent["adopt"];
} {
  const early: EgressRecord[] = [];
  let tell: ((record: EgressRecord) => void) | null = null;
  return {
    audit(record) {
      if (tell !== null) return tell(record);
      if (early.length < mostRecords) early.push(record);
      onSpoiled(`it asked for ${record.method} ${record.path}`);
    },
    isOpen: () => tell !== null,
    adopt(audit) {
      tell = audit;
      for (const record of early.splice(0)) audit(record);
    },
  };
}

async function start(
  { container, control }: OpenedContainer,
  { signal, onSpoiled }: { readonly signal: AbortSignal; readonly onSpoiled: (why: string) => void },
): Promise<Control> {
  // Its end is the end of all that waits for it.
  const onAbort = (): void => removeQuietly(container);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await container.start();
    const started = await awaitStart(control, onSpoiled);
    signal.throwIfAborted();
    return started;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Reads until the CLI was started. The control that is answered tells all of it again, and goes on from there. */
async function awaitStart(control: Control, onSpoiled: (why: string) => void): Promise<Control> {
  await control.connected();
  const messages = control.messages(parseMessage);
  const seen: ContainerMessage[] = [];
  for (const type of ["ready", "started"] as const) {
    const { value: message } = await messages.next();
    if (message?.type === "ready") checkSelfTest(message.selfTest);
    if (message?.type !== type) throw new WorkerError("CONTAINER_START", describeFailure(message));
    seen.push(message);
  }
  const following = messages.next();
  // Whatever comes before there is a task is its end.
  const onEnd = (): void => onSpoiled("it has ended");
  following.then(onEnd, onEnd);
  async function* retell(): AsyncGenerator<ContainerMessage> {
    yield* seen;
    const next = await following;
    if (next.done === true) return;
    yield next.value;
    yield* messages;
  }
  return { ...control, messages: retell };
}

function describeFailure(message: ContainerMessage | undefined | void): string {
  const said = message?.type === "broken" ? message.message : "it ended early";
  return `An agent that was to wait for a task could not be started: ${said}`;
}
