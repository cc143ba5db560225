import { chmodSync, writeFileSync } from "node:fs";

/** What the entry program (docker/entry/) is told to do. */
export interface ContainerOrder {
  /** `collect`: the agent has run already; only bring its work out. */
  readonly mode: "run" | "collect";
  /** Name of the work tree below /workspace. */
  readonly directory: string;
  /** Commit id the work starts from. */
  readonly base: string;
  /** argv of the agent CLI. */
  readonly command: readonly string[];
  /**
   * Where the agent CLI keeps its conversation inside; `restored`: an earlier one is put there first, without the lines that begin
   * with `omitted`. null: it is not kept.
   */
  readonly conversation: { readonly file: string; readonly restored: boolean; readonly omitted: string } | null;
  /** `{modelPort}` in a value becomes the port on which the model answers inside. */
  readonly environment: Readonly<Record<string, string>>;
  readonly author: { readonly name: string; readonly email: string };
  /** For what the agent left uncommitted: read when that is gathered. */
  readonly commitMessage: string;
}

/** Where the entry program finds its order, in the directory that is mounted with the sockets. */
export const orderFileName = "order.json";

/** A file, so that the entry program need not wait for its order: to be written before the container starts. */
export function writeOrder(file: string, order: ContainerOrder): void {
  writeFileSync(file, JSON.stringify(order));
  // The container's user is another one; not by a mode at creation, which is subject to the caller's umask.
  chmodSync(file, 0o644);
}
