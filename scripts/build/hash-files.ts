import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";

/** One digest over the names and contents of files, and of all files in directories. */
export function hashFiles(paths: readonly string[]): string {
  const hash = createHash("sha256");
  const files = paths.flatMap((path) => [path, ...globSync(`${path}/**`)]).filter((path) => statSync(path).isFile());
  for (const file of [...new Set(files)].toSorted()) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
