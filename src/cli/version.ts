import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The version of this package, whether run from src/ or as a bundle. */
export function readVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const description: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, "utf8"));
  if (typeof description !== "object" || description === null || !("version" in description)) return "unknown";
  return String(description.version);
}
