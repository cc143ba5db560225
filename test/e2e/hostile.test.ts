import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildHostileConfiguration, hookNames, makeCanaryProgram } from "../support/canary-program.ts";
import { openImitation, working } from "../support/imitation.ts";
import type { Imitation, Played } from "../support/imitation.ts";
import { expectUntouched } from "../support/imitation-world.ts";

// What the agent leaves in its work tree and its git directory. A program of this machine that it names never runs here.

let imitation: Imitation;
const canary = makeCanaryProgram();
beforeAll(async () => {
  imitation = await openImitation();
});
afterEach(() => {
  if (canary.hasRun()) throw new Error("a program that the agent has named was run on this machine");
});
afterAll(async () => {
  canary[Symbol.dispose]();
  await imitation[Symbol.asyncDispose]();
});

const files = { "README.md": "# A project\n", "data.txt": "one\n", "src/main.c": "int main;\n" };
const identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a";
const commit = "git add -A && git commit -q -m work";
const quote = (text: string): string => `'${text}'`;

const hostileConfiguration = [
  ...buildHostileConfiguration(canary.path).map(([key, value]) => `git config --add ${key} ${quote(value)}`),
  "printf '* filter=canary diff=canary merge=canary\\n' | tee .gitattributes > .git/info/attributes",
  `mkdir -p .git/hooks && for hook in ${hookNames.join(" ")}; do printf '#!/bin/sh\\n${canary.path}\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook; done`,
];

/** Runs the shell lines as the agent; what every run must leave alone is checked. */
async function leave(lines: readonly string[]): Promise<Played> {
  const played = await imitation.play(working({ shell: [identity, ...lines].join("\n") }), { files });
  expectUntouched(played);
  return played;
}

test("configuration, attributes and hooks that name programs run nothing, here or while the work is collected", async () => {
  const counter = "sh -c 'echo ran >> /workspace/ran; cat'";
  await using played = await leave([
    ...hostileConfiguration,
    "echo two > data.txt",
    // Inside they would run, if the agent's configuration took part in collecting.
    `git config --replace-all filter.canary.clean "${counter}"`,
    "git config --unset-all filter.canary.process",
    "git config --replace-all core.fsmonitor 'sleep 1000'",
  ]);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.warnings).toEqual([]);
  expect(played.show("data.txt")).toBe("two");
  expect(played.list()).toEqual([".gitattributes", "README.md", "data.txt", "src/main.c"]);
});

test("a filter that never ends does not hold the run up", async () => {
  await using played = await leave([
    "git config filter.slow.clean 'sleep 100000'",
    "git config filter.slow.required true",
    "echo '* filter=slow' > .gitattributes && echo two > data.txt",
  ]);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.show("data.txt")).toBe("two");
});

test("nested repositories with filters, however named, are kept as plain files", async () => {
  await using played = await leave([
    `for name in nested $'br\\xe9ak' 'a b/deep'; do`,
    `  git init -q "$name" && git -C "$name" config filter.canary.clean ${quote(canary.path)}`,
    `  echo '* filter=canary' > "$name/.gitattributes" && echo inner > "$name/file"`,
    `  git -C "$name" commit -q --allow-empty -m inner`,
    "done",
    "git init -q nested/again && echo deeper > nested/again/file && git -C nested/again commit -q --allow-empty -m x",
  ]);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.warnings).toEqual(["NESTED_REPOSITORY"]);
  expect(played.show("nested/file")).toBe("inner");
  expect(played.show("nested/again/file")).toBe("deeper");
  expect(played.show("a b/deep/file")).toBe("inner");
  expect(played.repository.git("ls-tree", "-r", "work")).not.toContain("160000");
});

const replacements: Readonly<Record<string, readonly string[]>> = {
  deleted: ["rm -rf .git"],
  emptied: ["rm -rf .git && mkdir .git"],
  "replaced by a pointer to nowhere": [`rm -rf .git && echo 'gitdir: ${canary.path}' > .git`],
  "replaced by a pointer to another repository": [
    `git init -q /tmp/evil && git -C /tmp/evil config core.fsmonitor ${quote(canary.path)}`,
    "git -C /tmp/evil commit -q --allow-empty -m evil",
    "rm -rf .git && echo 'gitdir: /tmp/evil/.git' > .git",
  ],
  "replaced by a link to another repository": [
    "git init -q /tmp/evil && git -C /tmp/evil commit -q --allow-empty -m evil",
    "rm -rf .git && ln -s /tmp/evil/.git .git",
  ],
  "replaced by a new repository": ["rm -rf .git && git init -q && git add -A && git commit -q -m new"],
  "replaced by a file": ["rm -rf .git && echo nothing > .git"],
  "replaced by a pipe": ["rm -rf .git && mkfifo .git"],
  "without objects": ["git add -A && git commit -q -m x && rm -rf .git/objects/??"],
  "with a commit whose file is gone": [
    "echo unique > gone && git add gone && git commit -q -m x && id=$(git rev-parse HEAD:gone)",
    "rm -f .git/objects/${id:0:2}/${id:2} gone",
  ],
  "with damaged configuration": ["echo '[core' > .git/config"],
  "with a pipe for its HEAD's branch": ["rm .git/HEAD && ln -s nowhere .git/HEAD"],
};

for (const [name, lines] of Object.entries(replacements)) {
  test(`a git directory ${name} costs no file`, async () => {
    await using played = await leave(["echo two > data.txt", ...lines]);
    expect(played.report.outcome).toBe("succeeded");
    expect(played.show("data.txt")).toBe("two");
    expect(played.report.stats.commits).toBe(1);
    expect(played.warnings).toHaveLength(1);
    expect(["GIT_DIRECTORY_REPLACED", "HISTORY_REWRITTEN"]).toContain(played.warnings[0]);
  });
}

test("a git directory that was moved, with a pointer to it, still counts", async () => {
  await using played = await leave([
    "mv .git /workspace/elsewhere && echo 'gitdir: /workspace/elsewhere' > .git",
    `echo two > data.txt && ${commit} && echo three >> data.txt`,
  ]);
  expect(played.report).toMatchObject({ outcome: "succeeded", stats: { commits: 2 } });
  expect(played.show("data.txt")).toBe("two\nthree");
  expect(played.warnings).toEqual([]);
});

const disorders: Readonly<Record<string, readonly string[]>> = {
  "a corrupted index": ["head -c 100 /dev/urandom > .git/index"],
  "a pipe for a .gitignore": ["mkfifo src/.gitignore"],
  "a pipe for an index": ["rm .git/index && mkfifo .git/index"],
  "a lock on the index": ["touch .git/index.lock .git/HEAD.lock .git/config.lock"],
  "flags that hide changes": [
    "git update-index --assume-unchanged data.txt",
    "git update-index --skip-worktree src/main.c",
  ],
  "a split index": ["git update-index --split-index && git update-index --untracked-cache"],
  "settings that change what is read": [
    "git config core.autocrlf true && git config core.fileMode false && git config core.symlinks false",
    "git config core.ignoreCase true && git config core.bare true && git config core.worktree /tmp",
    "git config core.excludesFile /tmp/all && echo '*' > /tmp/all && git config status.showUntrackedFiles no",
  ],
  "replaced objects, grafts and a forged end of history": [
    "git replace $(git rev-parse HEAD) $(git commit-tree -m fake HEAD^{tree})",
    "git rev-parse HEAD > .git/info/grafts && git rev-parse HEAD > .git/shallow",
  ],
  "borrowed objects at paths of the host": [
    `printf '/etc\\n/root\\n/proc/1/root\\n${canary.path}\\n' >> .git/objects/info/alternates`,
  ],
  "refs with hostile names": [
    "id=$(git rev-parse HEAD) && mkdir -p '.git/refs/heads/-x' && echo $id > '.git/refs/heads/--upload-pack=x'",
    "echo $id > '.git/refs/heads/$(touch x)' && echo $id > .git/refs/heads/..x && echo '../../../x' > .git/refs/heads/y",
    "mkdir -p .git/refs/agent-worker && echo $id > .git/refs/agent-worker/x && git tag v1 && git branch main2",
  ],
  "a merge, a rebase and a bisect in progress": ["git rev-parse HEAD > .git/MERGE_HEAD && mkdir .git/rebase-merge"],
};

for (const [name, lines] of Object.entries(disorders)) {
  test(`${name}: every change is kept`, async () => {
    await using played = await leave([
      ...lines,
      "echo two > data.txt && echo 'int x;' > src/main.c && echo new > new.txt",
    ]);
    expect(played.report.outcome).toBe("succeeded");
    expect(played.warnings).toEqual([]);
    expect(played.report.stats.files.map(({ path }) => path)).toEqual(["data.txt", "new.txt", "src/main.c"]);
    expect(played.show("data.txt")).toBe("two");
    expect(played.repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\nrefs/heads/work");
  });
}

test("a change of the same size in the second in which it was staged is kept", async () => {
  await using played = await leave([
    'until [ "$second" = "$(date +%s)" ]; do second=$(date +%s); echo aaa > data.txt; git add data.txt; echo bbb > data.txt; done',
    "while [ $second = $(date +%s) ]; do :; done",
  ]);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.show("data.txt")).toBe("bbb");
});

test("a sparse checkout deletes nothing, and hides nothing that is there", async () => {
  await using played = await leave([
    "git sparse-checkout set --no-cone src && echo two > data.txt && echo 'int x;' > src/main.c && echo new > new.txt",
  ]);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.report.stats.files.map(({ path }) => path)).toEqual(["data.txt", "new.txt", "src/main.c"]);
  expect(played.list()).toContain("README.md");
});

test("commits on another branch or on none are kept by HEAD", async () => {
  await using played = await leave([
    `git switch -q -c other && echo two > data.txt && ${commit} && git checkout -q --detach`,
  ]);
  expect(played.report).toMatchObject({ outcome: "succeeded", stats: { commits: 1 } });
  expect(played.repository.git("log", "-1", "--format=%s", "work")).toBe("work");
});

const rewrites: Readonly<Record<string, readonly string[]>> = {
  "the base amended": ["echo two > data.txt && git add -A && git commit -q --amend -m other"],
  "an orphan branch": ["git checkout -q --orphan new && echo two > data.txt && git add -A && git commit -q -m new"],
};

for (const [name, lines] of Object.entries(rewrites)) {
  test(`${name}: the files are kept as one commit on the base`, async () => {
    await using played = await leave([...lines, "echo new > new.txt"]);
    expect(played.report).toMatchObject({ outcome: "succeeded", stats: { commits: 1, filesChanged: 2 } });
    expect(played.warnings).toEqual(["HISTORY_REWRITTEN"]);
    expect(played.repository.git("rev-parse", "work~1")).toBe(played.report.repository.base.sha);
  });
}
