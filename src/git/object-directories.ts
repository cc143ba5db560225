import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readCode } from "../util/error-facts.ts";

/** The object directory, then every one it borrows from, in git's order: absolute, existing, each once. */
export async function listObjectDirectories(objects: string): Promise<readonly string[]> {
  const found = new Set<string>();
  await collect(objects, found);
  return [...found];
}

async function collect(directory: string, found: Set<string>): Promise<void> {
  if (found.has(directory) || !(await isDirectory(directory))) return;
  found.add(directory);
  const text = await readIfThere(join(directory, "info", "alternates"));
  for (const path of parseAlternates(text)) await collect(resolve(directory, path), found);
}

/** The paths of an `info/alternates` file: one per line, `#` comments, names with odd bytes quoted as in C. */
export function parseAlternates(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => (line.startsWith('"') && line.endsWith('"') ? unquote(line.slice(1, -1)) : line));
}

/** The text of an `info/alternates` file. */
export function formatAlternates(directories: readonly string[]): string {
  return directories.map((path) => `${/^["#]|\n/.test(path) ? quote(path) : path}\n`).join("");
}

/** A file's text; "" where there is no such file. */
export async function readIfThere(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    const code = readCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    throw error;
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

const escapes = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
]);

function unquote(text: string): string {
  const bytes = text.replaceAll(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes.get(code) ?? code),
  );
  // Octal escapes are bytes of UTF-8; text that had none is left as it is.
  return /\\[0-7]{3}/.test(text) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}

function quote(path: string): string {
  return `"${path.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}"`;
}
