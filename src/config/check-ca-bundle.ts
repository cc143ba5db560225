import { findCaBundleProblem } from "../util/ca-bundle.ts";
import { readCode } from "../util/error-facts.ts";
import { readSmallFile } from "./read-text-file.ts";
import type { Entry } from "./reading.ts";
import type { Problem } from "./setting.ts";

/** All the certificates of the world are a quarter of this. */
const maxBytes = 1024 * 1024;

/** Looks into the file with certificates before a run begins: what is wrong with it is wrong with the request. */
export function checkCaBundle(file: string | undefined, entry: Entry | undefined): readonly Problem[] {
  if (file === undefined || entry === undefined) return [];
  const problem = findProblem(file);
  return problem === undefined ? [] : [{ where: entry.origin.name, message: `${file} ${problem}` }];
}

function findProblem(file: string): string | undefined {
  try {
    const read = readSmallFile(file, { maxBytes });
    return "problem" in read ? read.problem : findCaBundleProblem(read.bytes);
  } catch (error) {
    const code = readCode(error);
    return code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? String(error)})`;
  }
}
