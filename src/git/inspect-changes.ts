import { posix } from "node:path";
import type { Warning } from "../core/warning.ts";
import { findCaseCollisions } from "./case-collisions.ts";
import { diffTree } from "./diff-stat.ts";
import type { CommitRange } from "./diff-stat.ts";
import { decodePath, readNulFields } from "./nul-fields.ts";
import { readRawChange } from "./parse-raw-diff.ts";
import type { RawChange } from "./parse-raw-diff.ts";
import { readLinkTargets } from "./read-link-targets.ts";
import type { Repository } from "./repository.ts";
import { streamGit } from "./run-git.ts";

const submoduleMode = "160000";
const linkMode = "120000";

/** The paths that decide what runs elsewhere, and what to say of a change there. */
const watched = [
  {
    code: "CHANGES_SUBMODULE",
    pattern: /^\.gitmodules$/i,
    text: "The submodules' configuration was changed",
  },
  { code: "CHANGES_WORKFLOWS", pattern: /^\.github\/workflows(\/|$)/i, text: "CI workflows were changed" },
  { code: "CHANGES_HOOKS", pattern: /^\.husky(\/|$)/i, text: "Git hooks were changed" },
  {
    code: "CHANGES_AGENT_CONFIG",
    pattern: /(^|\/)(\.claude(\/|$)|\.mcp\.json$)/i,
    text: "The configuration of coding agents was changed",
  },
] as const;

/** What a reviewer should look at first: changes that reach beyond the files they are in. Nothing here is refused. */
export async function inspectChanges(
  repository: Repository,
  range: CommitRange,
  signal: AbortSignal,
): Promise<readonly Warning[]> {
  const changes = await readChanges(repository, range, signal);
  const present = changes.filter(({ status }) => status !== "deleted");
  const submodules = changes.filter(({ oldMode, newMode }) => [oldMode, newMode].includes(submoduleMode));
  const [escaping, collisions] = await Promise.all([
    findEscapingLinks(repository, present, signal),
    findCaseCollisions(repository, { head: range.head, added: listAdded(present) }, signal),
  ]);
  return [
    ...watched.flatMap(({ code, pattern, text }) => buildWarning(code, text, listPaths(changes, pattern))),
    ...buildWarning("CHANGES_SUBMODULE", "A submodule's commit was changed", submodules.map(toPath)),
    ...buildWarning("CHANGES_SYMLINK_OUTSIDE", "A symbolic link leaves the tree", escaping),
    ...buildWarning("CHANGES_CASE_COLLISION", "Names differ only in case or accents", collisions),
  ];
}

async function readChanges(
  repository: Repository,
  { base, head }: CommitRange,
  signal: AbortSignal,
): Promise<readonly RawChange[]> {
  const args = [...diffTree, "--raw", "--no-renames", base, head];
  const fields = readNulFields(streamGit(repository, args, { signal }));
  const changes: RawChange[] = [];
  for (let header = await fields.next(); header.done !== true; header = await fields.next()) {
    changes.push(await readRawChange(header.value, async () => (await fields.next()).value ?? Buffer.alloc(0)));
  }
  return changes;
}

function listAdded(changes: readonly RawChange[]): readonly Buffer[] {
  return changes.filter(({ status }) => status === "added").map(({ path }) => path);
}

function listPaths(changes: readonly RawChange[], pattern: RegExp): readonly string[] {
  return changes.map(toPath).filter((path) => pattern.test(path));
}

async function findEscapingLinks(
  repository: Repository,
  changes: readonly RawChange[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const links = changes.filter(({ newMode }) => newMode === linkMode);
  const ids = links.map(({ newId }) => newId);
  const targets = await readLinkTargets(repository, ids, signal);
  return links.filter(({ path, newId }) => isEscaping(path, targets.get(newId))).map(toPath);
}

/** Judged by its text: a link through another link may still leave, but that one would be named itself. */
function isEscaping(path: Buffer, target: string | undefined): boolean {
  if (target === undefined || target.startsWith("/")) return true;
  const [first = ""] = posix.join(posix.dirname(path.toString("latin1")), target).split("/");
  return first === ".." || first.toLowerCase() === ".git";
}

function toPath({ path }: RawChange): string {
  return decodePath(path).path;
}

const shownPaths = 5;

function buildWarning(code: string, text: string, paths: readonly string[]): readonly Warning[] {
  if (paths.length === 0) return [];
  const shown = paths.slice(0, shownPaths).map((path) => JSON.stringify(path));
  const rest = paths.length > shownPaths ? ` and ${paths.length - shownPaths} more` : "";
  return [{ code, message: `${text}: ${shown.join(", ")}${rest}` }];
}
