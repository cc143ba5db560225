import { parseMessage } from "../../container/container-message.ts";
import type { ContainerMessage } from "../../container/container-message.ts";
import { WorkerError } from "../../core/worker-error.ts";
import type { Incoming } from "./bring-in.ts";
import type { Session, Told } from "./session.ts";
import { toBrokenError } from "./to-broken-error.ts";
import type { StopWatch } from "./stop-watch.ts";

/** What each message may follow. The agent can forge messages: none may turn the clock back. */
const follows: Readonly<Record<Exclude<ContainerMessage["type"], "broken">, readonly Told["step"][]>> = {
  ready: ["begin"],
  started: ["ready"],
  exited: ["started"],
  // Straight after `ready` where it was stopped before the agent had started.
  collected: ["ready", "exited"],
};

/** What the messages set off. */
export interface Following {
  readonly watch: StopWatch;
  readonly incoming: Incoming;
}

/** Reads until the work is announced or the container is gone. */
export async function readMessages(session: Session, { watch, incoming }: Following): Promise<Told> {
  const { attempt, progress, objects, control, deadline, gateway } = session;
  const { transferMs } = attempt.settings.patience;
  const told: Told = { step: "begin", exit: null, collected: null };
  for await (const message of control.messages(parseMessage)) {
    if (message.type === "broken") throw toBrokenError(message.message, told);
    if (!follows[message.type].includes(told.step)) {
      throw new WorkerError("CONTAINER_LOST", `The container sent "${message.type}" out of turn.`);
    }
    told.step = message.type;
    switch (message.type) {
      case "ready":
        checkSelfTest(message.selfTest);
        progress.container = {
          image: session.imageId,
          objects: objects.kind,
          selfTest: message.selfTest,
          ...(session.isWarm ? { warm: true } : {}),
        };
        await attempt.emit({ type: "workspace.ready", data: progress.container });
        break;
      case "started":
        // From here on the watch has the time.
        deadline.clear();
        progress.clock.mark("started");
        // The agent CLI takes its time to start: what the first request needs is loaded meanwhile.
        gateway.preload();
        break;
      case "exited":
        watch.ended();
        deadline.set(transferMs);
        // Nothing in there has a right to the model any more.
        gateway[Symbol.asyncDispose]().catch(() => undefined);
        incoming.begin();
        progress.clock.mark("exited");
        told.exit = message;
        break;
      case "collected":
        told.collected = message;
        break;
    }
  }
  return told;
}

/** Throws SELF_TEST. */
export function checkSelfTest({
  modelEndpoint,
  reachable,
}: {
  modelEndpoint: boolean;
  reachable: readonly string[];
}): void {
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
