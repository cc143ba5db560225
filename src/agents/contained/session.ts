import type { Container } from "../../container/container.ts";
import type { ContainerOrder } from "../../container/container-order.ts";
import type { ContainerMessage } from "../../container/container-message.ts";
import type { Control } from "../../container/control.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Tail } from "../../util/tail.ts";
import type { AgentCommand, AgentExit, AgentReader, AgentReading } from "./agent-cli.ts";
import type { Attempt, Progress } from "./attempt.ts";
import type { Deadline } from "./deadline.ts";
import type { ObjectSource } from "./prepare-objects.ts";

/** A started container and all that talks to it. */
export interface Session {
  readonly attempt: Attempt;
  readonly progress: Progress;
  readonly reader: AgentReader;
  readonly judge: AgentReading["judge"];
  readonly container: Container;
  readonly control: Control;
  /** Removes the container when its time is up: everything that waits for it sees it gone, and ends. */
  readonly deadline: Deadline;
  /** What the container has mounted: the sockets and the order. */
  readonly runDirectory: string;
  readonly order: ContainerOrder;
  readonly command: AgentCommand;
  readonly objects: ObjectSource;
  readonly imageId: string;
  /** The agent CLI was started and waiting before the task came. */
  readonly isWarm: boolean;
  readonly stderrTail: Tail;
  readonly gateway: Gateway;
}

/** What the entry program has reported; `collected` is null when the container was gone before it had. */
export interface Told {
  step: "begin" | "ready" | "started" | "exited" | "collected";
  exit: AgentExit | null;
  collected: Extract<ContainerMessage, { type: "collected" }> | null;
}

/** Whoever disposes of it in the end hears of a failure. */
export function removeQuietly(container: Container): void {
  void container[Symbol.asyncDispose]().then(undefined, () => undefined);
}
