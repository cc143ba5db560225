import type { FileStat } from "../core/diff-stat.ts";

/** One entry of `diff-tree --raw -z`. Modes as git writes them: `100644`, `120000` (link), `160000` (submodule). */
export interface RawChange {
  readonly status: FileStat["status"];
  readonly oldMode: string;
  readonly newMode: string;
  readonly newId: string;
  readonly path: Buffer;
  /** The former path of a renamed or copied file. */
  readonly from: Buffer | undefined;
}

const statuses = new Map<string, FileStat["status"]>([
  ["A", "added"],
  ["M", "modified"],
  ["D", "deleted"],
  ["R", "renamed"],
  ["C", "copied"],
  ["T", "typechange"],
]);

const colon = 58;

export function isRawHeader(field: Buffer): boolean {
  return field[0] === colon;
}

/**
 * Reads one entry, whose header is `:<old mode> <new mode> <old id> <new id> <status>` and whose paths follow as
 * fields of their own. `next` gives the next field.
 */
export async function readRawChange(header: Buffer, next: () => Promise<Buffer>): Promise<RawChange> {
  const [oldMode = "", newMode = "", , newId = "", code = ""] = header.toString("latin1", 1).split(" ");
  const status = statuses.get(code.charAt(0)) ?? "modified";
  const first = await next();
  const isMoved = status === "renamed" || status === "copied";
  const path = isMoved ? await next() : first;
  return { status, oldMode, newMode, newId, path, from: isMoved ? first : undefined };
}
