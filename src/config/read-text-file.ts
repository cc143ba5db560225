import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { readCode } from "../util/error-facts.ts";

/** No configuration is larger; what is, is something else. */
const maxBytes = 256 * 1024;

export type TextFile = { readonly text: string } | { readonly problem: string };

/**
 * The text of a regular file, undefined where there is none, or what is wrong. With `followLinks: false` a symbolic
 * link is a problem: in a repository it could point at any file of the user's, and messages would quote from it.
 */
export function readTextFile(file: string, { followLinks }: { followLinks: boolean }): TextFile | undefined {
  try {
    const read = readSmallFile(file, { flags: followLinks ? 0 : constants.O_NOFOLLOW, maxBytes });
    return "problem" in read ? read : decode(read.bytes);
  } catch (error) {
    const code = readCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP") return { problem: "is a symbolic link; put the file itself there" };
    return { problem: `cannot be read (${code ?? String(error)}); check its permissions` };
  }
}

/**
 * The bytes of a regular file, or what is wrong with it. Throws what the system says. Without Node's threads: each of these calls would
 * wait for its turn there, longer than it takes.
 */
export function readSmallFile(
  file: string,
  { flags = 0, maxBytes: most }: { readonly flags?: number; readonly maxBytes: number },
): { readonly bytes: Buffer } | { readonly problem: string } {
  // Not blocking: opening a named pipe would wait for a writer.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { problem: "is not a regular file" };
    if (stats.size > most) return { problem: `is larger than ${most / 1024} KiB` };
    return { bytes: readFileSync(descriptor) };
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Uint8Array): TextFile {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { problem: "is not UTF-8 text" };
  }
}
