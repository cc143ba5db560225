import { chmodSync, writeFileSync } from "node:fs";

/** What the entry program (docker/entry/) is told to do. */
export interface ContainerOrder {
  /** `collect`: the agent has run already; only bring its work out. */
  readonly mode: "run" | "collect";
  /** Name of the work tree below /workspace. */
  readonly directory: string;
  /** Commit id the work starts from. */
  readonly base: string;
  /** Where the model answers on the container's loopback. */
  readonly modelPort: number;
  /** The file inside in which the agent CLI keeps its conversation; null: it is not kept. */
  readonly conversation: string | null;
  readonly author: { readonly name: string; readonly email: string };
  /** For what the agent left uncommitted: read when that is gathered. */
  readonly commitMessage: string;
}

/** Known before the container is: the agent CLI is started as soon as it is there. */
export const modelPort = 8765;

/** Where the entry program finds its order, in the directory that is mounted with the sockets. */
export const orderFileName = "order.json";

/** A file, so that the entry program need not wait for its order: to be written before the container starts. */
export function writeOrder(file: string, order: ContainerOrder): void {
  writeFileSync(file, JSON.stringify(order));
  // The container's user is another one; not by a mode at creation, which is subject to the caller's umask.
  chmodSync(file, 0o644);
}
