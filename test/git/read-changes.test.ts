import { describe, expect, test } from "vitest";
import { diffStatSchema } from "../../src/core/diff-stat.ts";
import { createChangesReader } from "../../src/git/read-changes.ts";
import { openRepository } from "../../src/git/repository.ts";
import { writeBlob, writeTree } from "../support/agent-pack.ts";
import { gitSettings, makeRepository } from "../support/repository.ts";
import type { TestRepository } from "../support/repository.ts";

const { signal } = new AbortController();

async function readStat(checkout: TestRepository, base: string, head = checkout.git("rev-parse", "HEAD")) {
  const repository = await openRepository(checkout.path, gitSettings, signal);
  await using reader = createChangesReader(repository);
  return diffStatSchema.parse((await reader.read({ base, head }, signal)).stats);
}

const lines = (text: string, count: number) => `${text}\n`.repeat(count);
const text = { binary: false };
const addedLine = { status: "added", insertions: 1, deletions: 0, binary: false };

describe("readChanges", () => {
  test("does not count the lines of files beyond 32 MiB, which take git many times their size", async () => {
    using checkout = makeRepository();
    const base = checkout.git("rev-parse", "HEAD");
    const file = { status: "added", insertions: null, deletions: null, binary: true };
    checkout.commit({ large: Buffer.alloc(33 * 1024 ** 2, "\n"), small: "x\n" });
    expect(await readStat(checkout, base)).toMatchObject({
      insertions: 1,
      files: [
        { path: "large", ...file },
        { path: "small", ...addedLine },
      ],
    });
  });

  test("counts lines of added, modified and deleted files exactly", async () => {
    using checkout = makeRepository({ long: lines("old", 5_000), gone: lines("x", 3) });
    const base = checkout.git("rev-parse", "HEAD");
    checkout.git("rm", "--quiet", "gone");
    checkout.commit({ long: lines("new", 12_000) });
    checkout.commit({ "new/empty": "" });
    expect(await readStat(checkout, base)).toEqual({
      commits: 2,
      filesChanged: 3,
      insertions: 12_000,
      deletions: 5_003,
      truncated: false,
      files: [
        { path: "gone", status: "deleted", insertions: 0, deletions: 3, ...text },
        { path: "long", status: "modified", insertions: 12_000, deletions: 5_000, ...text },
        { path: "new/empty", status: "added", insertions: 0, deletions: 0, ...text },
      ],
    });
    expect(await readStat(checkout, base, base)).toMatchObject({ commits: 0, filesChanged: 0, files: [] });
  });

  test("finds renames and copies, with the former path", async () => {
    using checkout = makeRepository({ "a dir/one": lines("one", 50), two: lines("two", 50) });
    const base = checkout.git("rev-parse", "HEAD");
    checkout.git("mv", "a dir/one", "moved\tto");
    checkout.commit({ two: `${lines("two", 50)}changed\n`, copy: `${lines("two", 50)}copied\n` });
    expect((await readStat(checkout, base)).files).toEqual([
      { path: "copy", from: "two", status: "copied", insertions: 1, deletions: 0, ...text },
      { path: "moved\tto", from: "a dir/one", status: "renamed", insertions: 0, deletions: 0, ...text },
      { path: "two", status: "modified", insertions: 1, deletions: 0, ...text },
    ]);
  });

  test("names modes, links, type changes, binary files and submodules", async () => {
    using checkout = makeRepository({ program: "x\n", link: { link: "program" }, file: lines("y", 2), data: "\0one" });
    const base = checkout.git("rev-parse", "HEAD");
    checkout.git("rm", "--quiet", "file", "program", "link");
    checkout.write({ file: { link: "program" }, link: { link: "data" }, program: { program: "x\n" }, data: "\0two" });
    checkout.git("update-index", "--add", "--cacheinfo", `160000,${base},module`);
    checkout.git("add", "data", "file", "link", "program");
    checkout.git("commit", "--quiet", "--message", "Kinds");
    expect((await readStat(checkout, base)).files).toEqual([
      { path: "data", status: "modified", insertions: null, deletions: null, binary: true },
      { path: "file", status: "typechange", insertions: 1, deletions: 2, ...text },
      { path: "link", status: "modified", insertions: 1, deletions: 1, ...text },
      { path: "module", ...addedLine },
      { path: "program", status: "modified", insertions: 0, deletions: 0, ...text },
    ]);
  });

  test("keeps every byte of a name", async () => {
    using checkout = makeRepository({});
    const base = checkout.commit();
    const id = writeBlob(checkout.path, "x\n");
    const names = ["\ttab ", " space", '"quoted"', ":colon", "line\nbreak", "\uFEFFbom", "ümlaut"];
    const invalid = Buffer.from([0x66, 0xff, 0xfe]);
    const entries = [...names.map((name) => Buffer.from(name)), invalid].sort((one, other) => one.compare(other));
    const tree = writeTree(
      checkout.path,
      entries.map((name) => ({ mode: "100644", name, id })),
    );
    const head = checkout.git("commit-tree", "-p", base, "-m", "names", tree);
    const { files } = await readStat(checkout, base, head);
    expect(files).toHaveLength(8);
    for (const path of names) expect(files).toContainEqual({ path, ...addedLine });
    expect(files).toContainEqual({ path: "f\uFFFD\uFFFD", pathB64: invalid.toString("base64"), ...addedLine });
  });

  test("cuts the list at 10,000 files and keeps the totals exact", async () => {
    using checkout = makeRepository();
    const base = checkout.git("rev-parse", "HEAD");
    const id = writeBlob(checkout.path, "one\ntwo\n");
    const names = Array.from({ length: 10_050 }, (_, index) => `file-${String(index).padStart(5, "0")}`);
    const tree = writeTree(
      checkout.path,
      names.map((name) => ({ mode: "100644", name, id })),
    );
    const head = checkout.git("commit-tree", "-p", base, "-m", "many", tree);
    const stat = await readStat(checkout, base, head);
    expect(stat).toMatchObject({ filesChanged: 10_051, insertions: 20_100, deletions: 1, truncated: true });
    expect(stat.files).toHaveLength(10_000);
    expect(stat.files.at(-1)).toEqual({ path: "file-09998", ...addedLine, insertions: 2 });
  });

  test("does not depend on attributes and diff settings of the checkout, and runs no program of theirs", async () => {
    using checkout = makeRepository({ ".gitattributes": "* diff=canary -text\n*.bin binary\n", "a.bin": "one\n" });
    const base = checkout.git("rev-parse", "HEAD");
    const canary = `touch '${checkout.path}/canary'`;
    for (const key of ["diff.external", "diff.canary.command", "diff.canary.textconv"])
      checkout.git("config", key, canary);
    checkout.git("config", "diff.noprefix", "true");
    checkout.git("config", "diff.ignoreSubmodules", "all");
    checkout.git("config", "diff.renames", "false");
    checkout.git("config", "core.worktree", checkout.path);
    const head = checkout.commit({ "a.bin": "one\ntwo\n" });
    expect(await readStat(checkout, base, head)).toMatchObject({
      insertions: 1,
      files: [{ path: "a.bin", binary: false }],
    });
    expect(checkout.git("status", "--porcelain")).toBe("");
  });
});
