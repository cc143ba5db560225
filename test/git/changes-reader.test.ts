import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DiffStat } from "../../src/core/diff-stat.ts";
import { readNulFields } from "../../src/git/nul-fields.ts";
import { parseNumstat } from "../../src/git/parse-numstat.ts";
import { createChangesReader } from "../../src/git/read-changes.ts";
import type { Changes, ChangesReader } from "../../src/git/read-changes.ts";
import { openRepository } from "../../src/git/repository.ts";
import type { Repository } from "../../src/git/repository.ts";
import { streamBytes } from "../support/agent-pack.ts";
import { makeImportWorld } from "../support/import-world.ts";
import { listProcesses } from "../support/list-processes.ts";
import { gitSettings, makeRepository, runTestGit } from "../support/repository.ts";
import type { FileContent, TestRepository } from "../support/repository.ts";

const { signal } = new AbortController();
const lines = (text: string, count: number) => `${text}\n`.repeat(count);

async function open(checkout: TestRepository): Promise<Repository> {
  return openRepository(checkout.path, gitSettings, signal);
}

async function read(repository: Repository, base: string, head: string): Promise<Changes> {
  await using reader = createChangesReader(repository);
  return await reader.read({ base, head }, signal);
}

const before = {
  "a dir/moved": lines("moved", 50),
  original: lines("original", 50),
  program: "x\n",
  link: { link: "program" },
  data: "\0one",
  turned: "a file\n",
  gone: "gone\n",
  "README.md": "read\n",
};

/** One of everything: renames, copies, modes, links, kinds, binaries, odd names, and what is warned of. */
function workAll(agent: TestRepository): void {
  agent.git("mv", "a dir/moved", "tab\tto");
  agent.git("rm", "--quiet", "gone", "turned", "program");
  agent.commit({ original: `${lines("original", 50)}changed\n`, copy: lines("original", 50) });
  const odd = { 'a "quoted"\nline': "x\n", ":colon": "x\n", "ümlaut/ÿ": "x\n" };
  const watched = { ".github/workflows/ci.yml": "on: push\n", "readme.md": "twin\n", out: { link: "/etc/passwd" } };
  agent.commit({ ...odd, ...watched, program: { program: "x\n" }, turned: { link: "data" }, data: "\0two" });
}

/** The figures as git gives them where both commits are arguments. */
async function readByArguments({ path }: TestRepository, base: string, head: string): Promise<DiffStat> {
  const args = ["diff-tree", "-r", "-z", "--no-abbrev", "-M", "-C", "-l1000", "--raw", "--numstat", base, head];
  const fields = readNulFields(streamBytes(runTestGit(path, args)));
  const commits = Number(runTestGit(path, ["rev-list", "--count", head, "--not", base]).toString("utf8"));
  return { commits, ...(await parseNumstat(fields, { maxFiles: 10_000, onChange: async () => undefined })) };
}

describe("a reader of changes that was begun before they came", () => {
  test.each([
    ["one by one", 0],
    ["as a pack", 150],
  ])("says what one says that was begun after them, stored %s", async (_, more) => {
    using world = makeImportWorld(makeRepository(before));
    const { source, agent, base } = world;
    workAll(agent);
    const files = Object.fromEntries(Array.from({ length: more }, (__, index) => [`many/${index}`, `${index}\n`]));
    const head = agent.commit(files);
    const repository = await open(source);
    await using reader = createChangesReader(repository);
    reader.begin();
    await world.sendCommits(head);
    expect(readdirSync(join(source.path, ".git/objects/pack")).length > 0).toBe(more > 0);
    const changes = await reader.read({ base, head }, signal);
    expect(changes).toEqual(await read(repository, base, head));
    expect(changes.stats).toEqual(await readByArguments(source, base, head));
    expect(changes.stats).toMatchObject({ commits: 3, filesChanged: 13 + more });
    expect(new Set(changes.stats.files.map(({ status }) => status)).size).toBe(6);
    expect(changes.warnings.map(({ code }) => code)).toEqual([
      "CHANGES_WORKFLOWS",
      "CHANGES_SYMLINK_OUTSIDE",
      "CHANGES_CASE_COLLISION",
    ]);
  });

  test("leaves no process when there is nothing to read, and none before it is begun", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout);
    const list = () => listProcesses(repository.gitDirectory);
    const reader = createChangesReader(repository);
    expect(list()).toEqual([]);
    reader.begin();
    reader.begin();
    // diff-tree, rev-list and cat-file.
    expect(list()).toHaveLength(3);
    await reader[Symbol.asyncDispose]();
    expect(list()).toEqual([]);
    await createChangesReader(repository)[Symbol.asyncDispose]();
  });

  test("leaves no process when reading is aborted, or fails", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout);
    const base = checkout.git("rev-parse", "HEAD");
    const attempt = async (act: (reader: ChangesReader) => Promise<unknown>) => {
      await using reader = createChangesReader(repository);
      reader.begin();
      await act(reader);
    };
    await attempt((reader) =>
      expect(reader.read({ base, head: base }, AbortSignal.abort("SIGINT"))).rejects.toBe("SIGINT"),
    );
    expect(listProcesses(repository.gitDirectory)).toEqual([]);
    const abort = new AbortController();
    await attempt(async (reader) => {
      const reading = reader.read({ base, head: base }, abort.signal);
      abort.abort("SIGINT");
      await expect(reading).rejects.toBe("SIGINT");
    });
    expect(listProcesses(repository.gitDirectory)).toEqual([]);
  });

  test("fails where a commit is not there, of which git itself says nothing", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout);
    const known = checkout.git("rev-parse", "HEAD");
    const unknown = randomBytes(20).toString("hex");
    const ranges = [
      { base: known, head: unknown, message: `could not read the commit ${unknown}` },
      { base: unknown, head: known, message: unknown },
    ];
    for (const { message, ...range } of ranges) {
      await using reader = createChangesReader(repository);
      const failed = { code: "GIT_FAILED", message: expect.stringContaining(message) };
      await expect(reader.read(range, signal)).rejects.toMatchObject(failed);
      expect(listProcesses(repository.gitDirectory)).toEqual([]);
    }
  });

  test("reads sha256 repositories", async () => {
    const content: Record<string, FileContent> = { "a/file": "x\n" };
    using checkout = makeRepository(content, { init: ["--object-format=sha256"] });
    const base = checkout.git("rev-parse", "HEAD");
    const head = checkout.commit({ "a/other": "y\n", "A/file": "z\n" });
    expect(await read(await open(checkout), base, head)).toMatchObject({
      stats: { commits: 1, insertions: 2 },
      warnings: [{ code: "CHANGES_CASE_COLLISION", message: expect.stringContaining('"A = a", "A/file = a/file"') }],
    });
  });
});
