import { rm } from "node:fs/promises";
import { join } from "node:path";
import { orderFileName, writeOrder } from "../../container/container-order.ts";
import { controlSocketName, openControl } from "../../container/control.ts";
import { launchScriptName } from "../../container/launch-script.ts";
import { parseMessage } from "../../container/container-message.ts";
import type { ContainerMessage } from "../../container/container-message.ts";
import type { Control } from "../../container/control.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { importPack } from "../../git/import-pack.ts";
import { readOutput } from "./read-output.ts";
import type { Session, Told } from "./session.ts";
import { toBrokenError } from "./to-broken-error.ts";

type Collected = Extract<ContainerMessage, { type: "collected" }>;

/** Packs larger than this are refused, packed and unpacked. */
const packLimits = { packBytes: 2 * 1024 ** 3, unpackedBytes: 8 * 1024 ** 3 };

/** The import of a container's work. Disposing ends one that is still waiting for its pack. */
export interface Incoming extends AsyncDisposable {
  /** Gets git ready, while the agent CLI still ends and the container collects the work; the first time tells so. */
  begin(): void;
  /** Imports what the container announced; null where nothing has changed. */
  bringIn(collected: Collected): Promise<string | null>;
}

/** `name` is that of the quarantine's directory. */
export function createIncoming(session: Session, control: Control, name: string): Incoming {
  const { attempt } = session;
  const { context, task, settings, emit } = attempt;
  const { transferMs } = settings.patience;
  const announced = Promise.withResolvers<string>();
  announced.promise.catch(() => undefined);
  const unused = new AbortController();
  let importing: Promise<void> | undefined;
  const begin = (): Promise<void> => {
    importing ??= importPack(
      context.repository,
      {
        pack: readPack(),
        base: context.base,
        head: announced.promise,
        runId: task.runId,
        directory: join(context.scratchDirectory, name),
        limits: { ...packLimits, timeoutMs: 2 * transferMs },
      },
      // Not the run's signal: partial work is brought in after a cancel as well.
      unused.signal,
    );
    importing.catch(() => undefined);
    return importing;
  };
  async function* readPack(): AsyncGenerator<Uint8Array> {
    await announced.promise;
    yield* control.pack();
  }
  return {
    begin() {
      if (importing === undefined) void emit({ type: "progress", data: { phase: "collect" } });
      void begin();
    },
    async bringIn({ head, notes, conversationBytes }) {
      for (const { code, message } of notes) await emit({ type: "warning", data: { code, message } });
      if (conversationBytes > 0) await takeConversation(session, control.conversation(conversationBytes));
      if (head === context.base) return null;
      await emit({ type: "progress", data: { phase: "import" } });
      announced.resolve(head);
      await begin();
      return head;
    },
    async [Symbol.asyncDispose]() {
      const reason = new WorkerError("CANCELLED", "There is nothing to import.");
      announced.reject(reason);
      unused.abort(reason);
      await importing?.catch(() => undefined);
    },
  };
}

/** It comes before the pack, over the same channel: what nobody keeps is read all the same. */
async function takeConversation({ attempt, command }: Session, content: AsyncIterable<Uint8Array>): Promise<void> {
  const { logs } = attempt.context;
  if (logs.session !== undefined) return logs.session(command.conversation.id, content);
  for await (const _ of content);
}

/** The entry program is gone but the volume is not: the container is started once more, only to bring the work out. */
export async function rescue(session: Session, told: Told): Promise<string | null> {
  const { attempt, container, runDirectory, deadline, order, stderrTail, reader } = session;
  if (told.step === "begin" || told.step === "ready") {
    throw new WorkerError("CONTAINER_LOST", `The container ended early: ${stderrTail.read() || "it said nothing"}`);
  }
  // Given up by the user: then the container was removed on purpose.
  attempt.context.killSignal?.throwIfAborted();
  await attempt.emit({ type: "warning", data: restarted });
  const { transferMs } = attempt.settings.patience;
  deadline.set(transferMs);
  await using control = await openControl(join(runDirectory, controlSocketName), AbortSignal.timeout(transferMs));
  writeOrder(join(runDirectory, orderFileName), { ...order, mode: "collect" });
  await rm(join(runDirectory, launchScriptName), { force: true });
  const output = readOutput(await container.restart(), {
    reader,
    logs: attempt.context.logs,
    stderrTail,
    redact: attempt.context.redact,
    emit: async () => undefined,
    onActivity: () => undefined,
  });
  output.catch(() => undefined);
  await using incoming = createIncoming(session, control, "rescued");
  await Promise.race([control.connected(), output.then(() => failRescue(session))]);
  for await (const message of control.messages(parseMessage)) {
    // Awaited here: the pack comes over this very channel.
    if (message.type === "collected") return await incoming.bringIn(message);
    if (message.type === "broken") throw toBrokenError(message.message, { step: "exited" });
  }
  return failRescue(session);
}

const restarted = {
  code: "CONTAINER_RESTARTED",
  message: "The container ended before its work was brought out; it was started again for that.",
};

async function failRescue({ stderrTail }: Session): Promise<never> {
  const said = stderrTail.read() || "it said nothing";
  throw new WorkerError("CONTAINER_LOST", `The container ended twice before its work was brought out: ${said}`);
}
