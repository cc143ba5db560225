import type { Warning } from "../core/warning.ts";
import { openCaseCollisions } from "./case-collisions.ts";
import { isEscaping } from "./escaping-link.ts";
import { decodePath } from "./nul-fields.ts";
import type { RawChange } from "./parse-raw-diff.ts";
import { readLinkTargets } from "./read-link-targets.ts";
import type { Repository } from "./repository.ts";
import { watchedPaths } from "./watched-paths.ts";

const submoduleMode = "160000";
const linkMode = "120000";

/** Looks at changes as they come, which may be a million; only what a warning shows is kept of them. */
export interface Inspection extends AsyncDisposable {
  take(change: RawChange): Promise<void>;
  /** What a reviewer should look at first: changes that reach beyond the files they are in. Nothing here is refused. `head`: the commit that the changes lead to. */
  conclude(head: string): Promise<readonly Warning[]>;
}

/** Starts a git that waits for the commit; disposing ends it. */
export function openInspection(repository: Repository, signal: AbortSignal): Inspection {
  const watched = watchedPaths.map((kind) => ({ pattern: kind.pattern, finding: createFinding(kind) }));
  const submodules = createFinding({ code: "CHANGES_SUBMODULE", text: "A submodule's commit was changed" });
  const escaping = createFinding({ code: "CHANGES_SYMLINK_OUTSIDE", text: "A symbolic link leaves the tree" });
  const collisions = createFinding({ code: "CHANGES_CASE_COLLISION", text: "Names differ only in case or accents" });
  const added = openCaseCollisions(repository, signal);
  const links: Link[] = [];
  return {
    async take(change) {
      const { oldMode, newMode, newId } = change;
      const { path } = decodePath(change.path);
      for (const changed of listChanged(change)) {
        for (const { pattern, finding } of watched) if (pattern.test(changed)) note(finding, changed);
        if (oldMode === submoduleMode || newMode === submoduleMode) note(submodules, changed);
      }
      if (addingStatuses.has(change.status)) added.noteAdded(path);
      if (newMode !== linkMode) return;
      links.push({ path, id: newId });
      if (links.length === linksAtOnce) await noteEscaping(repository, { links: links.splice(0), escaping }, signal);
    },
    async conclude(head) {
      await noteEscaping(repository, { links, escaping }, signal);
      for await (const pair of added.find(head)) note(collisions, pair);
      const findings = [...watched.map(({ finding }) => finding), submodules, escaping, collisions];
      return [...findings.flatMap(buildWarning), ...(added.isCut() ? [unread] : [])];
    },
    [Symbol.asyncDispose]: () => added[Symbol.asyncDispose](),
  };
}

const addingStatuses: ReadonlySet<RawChange["status"]> = new Set(["added", "renamed", "copied"]);

/** What is moved changes the place it leaves, too. */
function listChanged({ status, path, from }: RawChange): readonly string[] {
  const paths = status === "renamed" && from !== undefined ? [path, from] : [path];
  return paths.map((bytes) => decodePath(bytes).path);
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
