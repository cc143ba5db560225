import { afterAll, beforeAll, expect, test } from "vitest";
import { openImitation, working } from "../support/imitation.ts";
import type { Imitation } from "../support/imitation.ts";
import { expectUntouched } from "../support/imitation-world.ts";

// Commits that would harm a checkout of the branch: none of their objects gets into the repository.

let imitation: Imitation;
beforeAll(async () => {
  imitation = await openImitation();
});
afterAll(() => imitation[Symbol.asyncDispose]());

/** Writes a tree by hand (git itself refuses to), commits it on HEAD and puts HEAD there. */
function commitTree(entries: readonly (readonly [mode: string, name: string, id: string])[]): string {
  const parts = entries.map(([mode, name, id]) => `printf '${mode} ${name}\\0'; ${id} | head -c 40 | xxd_`).join("; ");
  return [
    "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a",
    `xxd_() { node -e 'process.stdout.write(Buffer.from(require("fs").readFileSync(0, "latin1"), "hex"))'; }`,
    `tree=$( { ${parts}; } | git hash-object -t tree -w --literally --stdin)`,
    "git update-ref HEAD $(git commit-tree -p HEAD -m hostile $tree) && echo evil > /workspace/made",
    "git rev-parse HEAD > /tmp/head",
  ].join("\n");
}

const evil = "echo evil | git hash-object -w --stdin";
const emptyTree = "git mktree < /dev/null";
const modules = (text: string): string => `printf '${text}' | git hash-object -w --stdin`;

const trees: Readonly<Record<string, Parameters<typeof commitTree>[0]>> = {
  ".git": [["100644", ".git", evil]],
  ".GIT": [["100644", ".GIT", evil]],
  "git~1": [["100644", "git~1", evil]],
  ".git with letters that vanish": [["100644", ".g\u200cit", evil]],
  "..": [["40000", "..", emptyTree]],
  ".": [["40000", ".", emptyTree]],
  "a slash in a name": [["100644", "a/b", evil]],
  "the same name twice": [
    ["100644", "same", evil],
    ["100644", "same", evil],
  ],
  "a linked .gitmodules": [["120000", ".gitmodules", evil]],
  "a submodule whose url is an option": [
    ["100644", ".gitmodules", modules('[submodule "x"]\\n\\tpath = x\\n\\turl = -u./payload\\n')],
  ],
  "a submodule whose name climbs": [
    ["100644", ".gitmodules", modules('[submodule "../../x"]\\n\\tpath = x\\n\\turl = https://example.org/\\n')],
  ],
};

for (const [name, entries] of Object.entries(trees)) {
  test(`a commit whose tree has ${name} is refused`, async () => {
    await using played = await imitation.play(working({ shell: commitTree(entries) }));
    expectUntouched(played);
    expect(played.report).toMatchObject({ outcome: "unavailable", reason: { code: "IMPORT_REFUSED" }, exitCode: 4 });
    expect(played.report.branch).toBeNull();
    const { repository } = played;
    expect(repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
    expect(repository.git("cat-file", "--batch-all-objects", "--batch-check").split("\n")).toHaveLength(3);
  });
}
