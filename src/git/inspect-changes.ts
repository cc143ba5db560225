import type { Warning } from "../core/warning.ts";
import { findCaseCollisions, noteAdded } from "./case-collisions.ts";
import type { AddedNames } from "./case-collisions.ts";
import { diffTree } from "./diff-stat.ts";
import type { CommitRange } from "./diff-stat.ts";
import { isEscaping } from "./escaping-link.ts";
import { decodePath, readNulFields } from "./nul-fields.ts";
import { readRawChange } from "./parse-raw-diff.ts";
import type { RawChange } from "./parse-raw-diff.ts";
import { readLinkTargets } from "./read-link-targets.ts";
import type { Repository } from "./repository.ts";
import { streamGit } from "./run-git.ts";
import { watchedPaths } from "./watched-paths.ts";

const submoduleMode = "160000";
const linkMode = "120000";

/**
 * What a reviewer should look at first: changes that reach beyond the files they are in. Nothing here is refused. The
 * changes are read once as they come and may be a million; only what a warning shows is kept of them.
 */
export async function inspectChanges(
  repository: Repository,
  range: CommitRange,
  signal: AbortSignal,
): Promise<readonly Warning[]> {
  const watched = watchedPaths.map((kind) => ({ pattern: kind.pattern, finding: createFinding(kind) }));
  const submodules = createFinding({ code: "CHANGES_SUBMODULE", text: "A submodule's commit was changed" });
  const escaping = createFinding({ code: "CHANGES_SYMLINK_OUTSIDE", text: "A symbolic link leaves the tree" });
  const collisions = createFinding({ code: "CHANGES_CASE_COLLISION", text: "Names differ only in case or accents" });
  const names: AddedNames = { paths: new Map(), characters: 0, isCut: false };
  const links: Link[] = [];
  for await (const { status, oldMode, newMode, newId, path: bytes } of readChanges(repository, range, signal)) {
    const { path } = decodePath(bytes);
    for (const { pattern, finding } of watched) if (pattern.test(path)) note(finding, path);
    if (oldMode === submoduleMode || newMode === submoduleMode) note(submodules, path);
    if (status === "added") noteAdded(names, path);
    if (newMode !== linkMode) continue;
    links.push({ path, id: newId });
    if (links.length === linksAtOnce) await noteEscaping(repository, { links: links.splice(0), escaping }, signal);
  }
  await noteEscaping(repository, { links, escaping }, signal);
  for await (const pair of findCaseCollisions(repository, { head: range.head, names }, signal)) note(collisions, pair);
  const findings = [...watched.map(({ finding }) => finding), submodules, escaping, collisions];
  return [...findings.flatMap(buildWarning), ...(names.isCut ? [unread] : [])];
}

const unread = {
  code: "CHANGES_CASE_COLLISION",
  message: "Too many files were added to compare all their names: some may differ only in case or accents",
};

interface Link {
  readonly path: string;
  readonly id: string;
}

/** Their targets take up to 40 MB. */
const linksAtOnce = 10_000;

async function* readChanges(
  repository: Repository,
  { base, head }: CommitRange,
  signal: AbortSignal,
): AsyncGenerator<RawChange> {
  const args = [...diffTree, "--raw", "--no-renames", base, head];
  const fields = readNulFields(streamGit(repository, args, { signal }));
  let header: Buffer | undefined;
  for await (const field of fields) {
    if (header !== undefined) yield await readRawChange(header, async () => field);
    header = header === undefined ? field : undefined;
  }
}

async function noteEscaping(
  repository: Repository,
  { links, escaping }: { readonly links: readonly Link[]; readonly escaping: Finding },
  signal: AbortSignal,
): Promise<void> {
  const ids = links.map(({ id }) => id);
  const targets = await readLinkTargets(repository, ids, signal);
  for (const { path, id } of links) if (isEscaping(path, targets.get(id))) note(escaping, path);
}

type Kind = Pick<Warning, "code"> & { readonly text: string };

/** Paths of one kind: the first of them, and how many there are. */
interface Finding extends Kind {
  readonly shown: string[];
  count: number;
}

const shownPaths = 5;

function createFinding({ code, text }: Kind): Finding {
  return { code, text, shown: [], count: 0 };
}

function note(finding: Finding, path: string): void {
  finding.count += 1;
  if (finding.shown.length < shownPaths) finding.shown.push(JSON.stringify(path));
}

function buildWarning({ code, text, shown, count }: Finding): readonly Warning[] {
  if (count === 0) return [];
  const rest = count > shown.length ? ` and ${count - shown.length} more` : "";
  return [{ code, message: `${text}: ${shown.join(", ")}${rest}` }];
}
