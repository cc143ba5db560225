import { join } from "node:path";
import type { Container } from "../../container/container.ts";
import { openControl } from "../../container/control.ts";
import type { ContainerMessage, ContainerOrder, Control } from "../../container/control.ts";
import { WorkerError } from "../../core/worker-error.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { importPack } from "../../git/import-pack.ts";
import { isDiskFull } from "../../util/error-facts.ts";
import type { Tail } from "../../util/tail.ts";
import type { AgentExit, Verdict } from "./agent-cli.ts";
import { buildUsage } from "./attempt.ts";
import type { Attempt, Progress } from "./attempt.ts";
import type { ObjectSource } from "./prepare-objects.ts";
import { readOutput } from "./read-output.ts";
import type { OutputSinks } from "./read-output.ts";
import { startStopWatch } from "./stop-watch.ts";
import type { StopWatch } from "./stop-watch.ts";

export interface Session {
  readonly attempt: Attempt;
  readonly progress: Progress;
  readonly container: Container;
  readonly control: Control;
  readonly controlSocket: string;
  readonly order: ContainerOrder;
  readonly objects: ObjectSource;
  readonly imageId: string;
  readonly stderrTail: Tail;
  readonly gateway: Gateway;
}

/** What the entry program has reported; `collected` is null when the container was gone before it had. */
interface Told {
  exit: AgentExit | null;
  started: boolean;
  collected: Extract<ContainerMessage, { type: "collected" }> | null;
}

/** Packs larger than this are refused, packed and unpacked. */
const packLimits = { packBytes: 2 * 1024 ** 3, unpackedBytes: 8 * 1024 ** 3 };

/** Gives the container its order, follows it to its end, and brings its work into the repository. */
export async function followSession(session: Session): Promise<{ verdict: Verdict; commit: string | null }> {
  const { attempt, progress, control, container, order, stderrTail, gateway } = session;
  const { task, settings, context } = attempt;
  using watch = startStopWatch({
    control,
    // What ends the container ends the control channel, and the work is brought out by another start.
    killContainer: () => void container.kill().catch(() => undefined),
    signal: context.signal,
    timeoutMs: task.limits.timeoutMs,
    patience: settings.patience,
  });
  progress.onActivity = () => watch.touch();
  const output = readOutput(container.output, buildSinks(session, watch));
  output.catch(() => undefined);
  await Promise.race([control.start(order, task.prompt), output.then(() => failStart(session))]);
  const told = await readMessages(session, control, watch);
  watch.ended();
  // Everything is on its way to us: the container may go as soon as it has ended, while the work is checked.
  if (told.collected !== null) void output.then(() => container[Symbol.asyncDispose]()).catch(() => undefined);
  const commit = await (told.collected === null ? rescue(session, told) : bringIn(session, control, told.collected));
  // The container ends by itself now; its last lines may hold the result.
  await output;
  progress.clock.mark("imported");
  const verdict = attempt.cli.judge({
    facts: progress.reader.facts(),
    stopCause: watch.cause(),
    exit: told.exit,
    modelFailure: gateway.failure(),
    stderrTail: stderrTail.read(),
  });
  return { verdict, commit };
}

function buildSinks({ attempt, progress, stderrTail, gateway }: Session, watch: StopWatch): OutputSinks {
  const { reader, clock } = progress;
  // The CLI counts otherwise by one at times, and should be the one to end it.
  const mostTurns = (attempt.task.limits.maxTurns ?? Infinity) + 1;
  let turns = 0;
  return {
    reader,
    logs: attempt.context.logs,
    stderrTail,
    redact: attempt.context.redact,
    emit(event) {
      clock.mark("firstEvent");
      return attempt.emit(event);
    },
    onActivity() {
      watch.touch();
      const facts = reader.facts();
      if (facts.result !== null) watch.resultSeen();
      if (facts.turns === turns) return;
      turns = facts.turns;
      void attempt.emit({ type: "usage", data: buildUsage(reader, gateway) });
      if (facts.result === null && turns > mostTurns) watch.turnsExceeded();
    },
  };
}

async function failStart({ stderrTail }: Session): Promise<never> {
  throw new WorkerError("CONTAINER_START", `The container ended at once: ${stderrTail.read() || "it said nothing"}`, {
    hint: "With --image: the image needs node 20 or later, git and the agent CLI. See docs/image.md.",
  });
}

/** Reads until the work is announced or the container is gone. */
async function readMessages(session: Session, control: Control, watch: StopWatch): Promise<Told> {
  const { attempt, progress, objects, container } = session;
  const { patience } = attempt.settings;
  const told: Told = { exit: null, started: false, collected: null };
  // Removing the container ends the loop: it is what a transfer that never ends comes to.
  const give = (): NodeJS.Timeout =>
    setTimeout(() => void container[Symbol.asyncDispose]().then(undefined, () => undefined), patience.transferMs);
  let transfer = give();
  try {
    for await (const message of control.messages()) {
      switch (message.type) {
        case "ready":
          checkSelfTest(message.selfTest);
          progress.container = { image: session.imageId, objects: objects.kind, selfTest: message.selfTest };
          await attempt.emit({ type: "workspace.ready", data: progress.container });
          break;
        case "started":
          clearTimeout(transfer);
          progress.clock.mark("started");
          told.started = true;
          break;
        case "exited":
          progress.clock.mark("exited");
          watch.ended();
          transfer = give();
          told.exit = message;
          break;
        case "collected":
          told.collected = message;
          break;
        case "broken":
          throw toBrokenError(message.message, told.started);
      }
    }
    return told;
  } finally {
    clearTimeout(transfer);
  }
}

function checkSelfTest({ modelEndpoint, reachable }: { modelEndpoint: boolean; reachable: readonly string[] }): void {
  if (!modelEndpoint) {
    throw new WorkerError("SELF_TEST", "The container cannot reach the gateway's socket.", {
      hint: "The engine must be able to mount sockets of this machine: use a local engine.",
    });
  }
  if (reachable.length === 0) return;
  throw new WorkerError(
    "SELF_TEST",
    `The container is not cut off from the network: it reaches ${reachable.join(", ")}.`,
    {
      hint: "The engine does not honour network mode none: update it, or use another one.",
    },
  );
}

function toBrokenError(message: string, started: boolean): WorkerError {
  if (isDiskFull(message)) {
    return new WorkerError("DISK_FULL", `No space left in the container: ${message}`, {
      hint: "Make room where the engine keeps its volumes: docker system df",
    });
  }
  if (started) return new WorkerError("COLLECT_FAILED", `The agent's work could not be brought out: ${message}`);
  return new WorkerError("WORKSPACE_FAILED", `The work tree could not be made: ${message}`);
}

/** Imports what the container announced; null where nothing has changed. */
async function bringIn(
  session: Session,
  control: Control,
  collected: NonNullable<Told["collected"]>,
): Promise<string | null> {
  const { attempt } = session;
  const { context, task, settings, emit } = attempt;
  const { head, notes } = collected;
  for (const { code, message } of notes) await emit({ type: "warning", data: { code, message } });
  if (head === context.base) return null;
  await emit({ type: "progress", data: { phase: "import" } });
  await importPack(
    context.repository,
    {
      pack: control.pack(),
      base: context.base,
      head,
      runId: task.runId,
      directory: join(context.runtimeDirectory, "quarantine"),
      limits: packLimits,
    },
    // Not the run's signal: partial work is brought in after a cancel as well.
    AbortSignal.timeout(settings.patience.transferMs),
  );
  return head;
}

/** The entry program is gone but the volume is not: the container is started once more, only to bring the work out. */
async function rescue(session: Session, told: Told): Promise<string | null> {
  const { attempt, container, controlSocket, order, stderrTail, progress } = session;
  attempt.context.killSignal?.throwIfAborted();
  if (!told.started)
    throw new WorkerError("CONTAINER_LOST", `The container ended early: ${stderrTail.read() || "it said nothing"}`);
  await attempt.emit({
    type: "warning",
    data: {
      code: "CONTAINER_RESTARTED",
      message: "The container ended before its work was brought out; it was started again for that.",
    },
  });
  const signal = AbortSignal.timeout(attempt.settings.patience.transferMs);
  await using control = await openControl(controlSocket, signal);
  const output = readOutput(await container.restart(), {
    reader: progress.reader,
    logs: attempt.context.logs,
    stderrTail,
    redact: attempt.context.redact,
    emit: async () => undefined,
    onActivity: () => undefined,
  });
  output.catch(() => undefined);
  await Promise.race([
    control.start({ ...order, mode: "collect" }, new Uint8Array()),
    output.then(() => failRescue(session)),
  ]);
  let collected: Told["collected"] = null;
  for await (const message of control.messages()) {
    if (message.type === "collected") collected = message;
    if (message.type === "broken") throw toBrokenError(message.message, true);
  }
  // Awaited here: the control channel lives as long as this function.
  if (collected !== null) return await bringIn(session, control, collected);
  return failRescue(session);
}

async function failRescue({ stderrTail }: Session): Promise<never> {
  const said = stderrTail.read() || "it said nothing";
  throw new WorkerError("CONTAINER_LOST", `The container ended twice before its work was brought out: ${said}`);
}
