import { buildGitEnvironment } from "./git-environment.ts";
import type { GitSettings } from "./git-environment.ts";

/** For the few commands whose work is the index: it is hidden from all others. */
export function buildIndexEnvironment(settings: GitSettings): Readonly<Record<string, string>> {
  const { GIT_INDEX_FILE: _hidden, ...environment } = buildGitEnvironment(settings);
  return environment;
}
