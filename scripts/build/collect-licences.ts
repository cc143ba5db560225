import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The licence texts of packages, given by their directories, as one text: their terms ask for it where they are copied.
 * @throws where a package names no licence at all.
 */
export function collectLicences(directories: readonly string[]): string {
  const head = "agent-worker contains parts of these packages, under these terms:\n";
  return [head, ...directories.map(describePackage)].join(`\n${"-".repeat(100)}\n`);
}

function describePackage(directory: string): string {
  const { name, version, license }: Record<string, unknown> = JSON.parse(
    readFileSync(join(directory, "package.json"), "utf8"),
  );
  const texts = readdirSync(directory)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(join(directory, file), "utf8").trim());
  if (texts.length === 0 && typeof license !== "string") throw new Error(`${directory} states no licence.`);
  return `${String(name)} ${String(version)} (${String(license)})\n\n${texts.join("\n\n")}\n`;
}
