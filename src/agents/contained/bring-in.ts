import { join } from "node:path";
import { openControl } from "../../container/control.ts";
import type { Control } from "../../container/control.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { importPack } from "../../git/import-pack.ts";
import { createDeadline } from "./deadline.ts";
import { toBrokenError } from "./read-messages.ts";
import { readOutput } from "./read-output.ts";
import { removeQuietly } from "./session.ts";
import type { Session, Told } from "./session.ts";

/** Packs larger than this are refused, packed and unpacked. */
const packLimits = { packBytes: 2 * 1024 ** 3, unpackedBytes: 8 * 1024 ** 3 };

/** Imports what the container announced; null where nothing has changed. */
export async function bringIn(
  session: Session,
  control: Control,
  collected: NonNullable<Told["collected"]>,
): Promise<string | null> {
  const { attempt, container } = session;
  const { context, task, settings, emit } = attempt;
  const { head, notes } = collected;
  for (const { code, message } of notes) await emit({ type: "warning", data: { code, message } });
  if (head === context.base) {
    removeQuietly(container);
    return null;
  }
  await emit({ type: "progress", data: { phase: "import" } });
  await importPack(
    context.repository,
    {
      // The container goes while its work is checked.
      pack: andThen(control.pack(), () => removeQuietly(container)),
      base: context.base,
      head,
      runId: task.runId,
      directory: join(context.scratchDirectory, "quarantine"),
      limits: packLimits,
    },
    // Not the run's signal: partial work is brought in after a cancel as well.
    AbortSignal.timeout(settings.patience.transferMs),
  );
  return head;
}

async function* andThen<Item>(items: AsyncIterable<Item>, act: () => void): AsyncGenerator<Item> {
  yield* items;
  act();
}

/** The entry program is gone but the volume is not: the container is started once more, only to bring the work out. */
export async function rescue(session: Session, told: Told): Promise<string | null> {
  const { attempt, container, controlSocket, order, stderrTail, progress } = session;
  if (told.step === "begin" || told.step === "ready") {
    throw new WorkerError("CONTAINER_LOST", `The container ended early: ${stderrTail.read() || "it said nothing"}`);
  }
  await attempt.emit({ type: "warning", data: restarted });
  const { transferMs } = attempt.settings.patience;
  using deadline = createDeadline(() => removeQuietly(container));
  deadline.set(transferMs);
  await using control = await openControl(controlSocket, AbortSignal.timeout(transferMs));
  const output = readOutput(await container.restart(), {
    reader: progress.reader,
    logs: attempt.context.logs,
    stderrTail,
    redact: attempt.context.redact,
    emit: async () => undefined,
    onActivity: () => undefined,
  });
  output.catch(() => undefined);
  const started = control.start({ ...order, mode: "collect" }, new Uint8Array());
  await Promise.race([started, output.then(() => failRescue(session))]);
  for await (const message of control.messages()) {
    // Awaited here: the pack comes over this very channel.
    if (message.type === "collected") return await bringIn(session, control, message);
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
