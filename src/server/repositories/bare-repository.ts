import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { WorkerError } from "../../core/worker-error.ts";
import type { GitConfiguration } from "../../git/git-environment.ts";
import { harmlessFaults } from "../../git/harmless-faults.ts";
import { readCode, readMessage } from "../../util/error-facts.ts";
import { defaultLimits } from "../server-limits.ts";
import { serviceRules } from "./service-rules.ts";

/**
 * Makes a bare repository of the server's own where there is none. Laid out by hand: no template, no hook, and no process. It
 * appears at once with all its rules, so that nobody can push to it without them. Throws DISK_FULL, STATE_UNWRITABLE.
 */
export async function createBareRepository(directory: string, format: "sha1" | "sha256" = "sha1"): Promise<void> {
  const parent = dirname(directory);
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const halfMade = await mkdtemp(join(parent, ".new-"));
    try {
      await layOut(halfMade, format);
      await rename(halfMade, directory);
    } catch (error) {
      await rm(halfMade, { recursive: true, force: true });
      // Another request was quicker.
      if (readCode(error) !== "ENOTEMPTY" && readCode(error) !== "EEXIST") throw error;
    }
  } catch (error) {
    const code = readCode(error) === "ENOSPC" ? "DISK_FULL" : "STATE_UNWRITABLE";
    throw new WorkerError(code, `No repository can be made: ${readMessage(error)}`, { cause: error });
  }
}

async function layOut(directory: string, format: "sha1" | "sha256"): Promise<void> {
  await mkdir(join(directory, "objects", "info"), { recursive: true });
  await Promise.all([
    mkdir(join(directory, "objects", "pack")),
    mkdir(join(directory, "refs")),
    writeFile(join(directory, "HEAD"), "ref: refs/heads/none\n"),
    writeFile(join(directory, "config"), buildConfiguration(format)),
  ]);
}

function buildConfiguration(format: "sha1" | "sha256"): string {
  const rules: GitConfiguration = [
    ["core.repositoryformatversion", format === "sha1" ? "0" : "1"],
    ["core.bare", "true"],
    ["core.hooksPath", "/dev/null"],
    ["core.logAllRefUpdates", "false"],
    ...(format === "sha1" ? [] : [["extensions.objectformat", format] as const]),
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    ["transfer.fsckObjects", "true"],
    ...harmlessFaults.map((id) => [`fetch.fsck.${id}`, "ignore"] as const),
    ...serviceRules,
    ["receive.maxInputSize", String(defaultLimits.pushBytes)],
  ];
  return rules.map(([key, value]) => formatEntry(key, value)).join("");
}

/** `section.name` or `section.subsection.name`. No value of ours needs quotes. */
function formatEntry(key: string, value: string): string {
  const [section = "", ...names] = key.split(".");
  const name = names.at(-1) ?? "";
  const heading = names.length > 1 ? `${section} "${names.slice(0, -1).join(".")}"` : section;
  return `[${heading}]\n${name} = ${value}\n`;
}
