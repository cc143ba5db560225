import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { findCaBundleProblem } from "../util/ca-bundle.ts";
import { readCode } from "../util/error-facts.ts";
import type { Entry } from "./reading.ts";
import type { Problem } from "./setting.ts";

/** All the certificates of the world are a quarter of this. */
const maxBytes = 1024 * 1024;

/** Looks into the file with certificates before a run begins: what is wrong with it is wrong with the request. */
export async function checkCaBundle(file: string | undefined, entry: Entry | undefined): Promise<readonly Problem[]> {
  if (file === undefined || entry === undefined) return [];
  const problem = await findProblem(file);
  return problem === undefined ? [] : [{ where: entry.origin.name, message: `${file} ${problem}` }];
}

async function findProblem(file: string): Promise<string | undefined> {
  try {
    // Not blocking: opening a named pipe would wait for a writer.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) return "is not a regular file";
    if (stats.size > maxBytes) return `is larger than ${maxBytes / 1024} KiB`;
    return findCaBundleProblem(await handle.readFile());
  } catch (error) {
    const code = readCode(error);
    return code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? String(error)})`;
  }
}
