import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GitSettings } from "./git-environment.ts";
import { buildIndexEnvironment } from "./index-environment.ts";
import { runGit } from "./run-git.ts";

/**
 * Makes a repository with one commit on `main` that holds `files` (name: text). What stood at `directory` is removed; it and
 * parents that are missing get mode 0700.
 */
export async function createRepository(
  directory: string,
  files: Readonly<Record<string, string>>,
  options: { readonly settings: GitSettings; readonly signal: AbortSignal },
): Promise<void> {
  const { settings, signal } = options;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const environment = buildIndexEnvironment(settings);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  for (const args of [
    ["init", "--quiet", "--initial-branch=main", "."],
    ["add", "--all"],
    ["commit", "--quiet", "--message=First version"],
  ]) {
    await runGit({ settings }, args, { signal, cwd: directory, environment });
  }
}
