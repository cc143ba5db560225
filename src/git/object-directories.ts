import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { readCode } from "../util/error-facts.ts";

/**
 * The object directory, then every one it borrows from, in git's order: absolute, existing, each once. Without waiting, as below: a turn of
 * the event loop may take far longer than looking at some tiny files.
 */
export function listObjectDirectories(objects: string): readonly string[] {
  const found = new Set<string>();
  collect(objects, found);
  return [...found];
}

function collect(directory: string, found: Set<string>): void {
  if (found.has(directory) || !isDirectory(directory)) return;
  found.add(directory);
  const text = readIfThere(join(directory, "info", "alternates"));
  for (const path of parseAlternates(text)) collect(resolve(directory, path), found);
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
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = readCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
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
