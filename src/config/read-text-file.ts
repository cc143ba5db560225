import { constants, open } from "node:fs/promises";
import { readCode } from "../util/error-facts.ts";

/** No configuration is larger; what is, is something else. */
const maxBytes = 256 * 1024;

/**
 * The text of a regular file, undefined where there is none, or what is wrong. With `followLinks: false` a symbolic
 * link is a problem: in a repository it could point at any file of the user's, and messages would quote from it.
 */
export async function readTextFile(
  file: string,
  { followLinks }: { followLinks: boolean },
): Promise<{ text: string } | { problem: string } | undefined> {
  try {
    // Not blocking: opening a named pipe would wait for a writer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);
    await using handle = await open(file, flags);
    const stats = await handle.stat();
    if (!stats.isFile()) return { problem: "is not a regular file" };
    if (stats.size > maxBytes) return { problem: `is larger than ${maxBytes / 1024} KiB` };
    return decode(await handle.readFile());
  } catch (error) {
    const code = readCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP") return { problem: "is a symbolic link; put the file itself there" };
    return { problem: `cannot be read (${code ?? String(error)}); check its permissions` };
  }
}

function decode(bytes: Uint8Array): { text: string } | { problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { problem: "is not UTF-8 text" };
  }
}
