import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { areObjectsReadable, copyBase } from "../../src/git/copy-base.ts";
import { openRepository } from "../../src/git/repository.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();
const open = (path: string) => openRepository(path, gitSettings, signal);

describe("copyBase", () => {
  test("copies a commit with all its files and fifty commits of history, and borrows nothing", async () => {
    using checkout = makeRepository({ "a.txt": "a" });
    for (let number = 1; number <= 60; number += 1) checkout.commit({}, `${number}`);
    const base = checkout.commit({ "b/c.txt": "c" }, "base");
    checkout.commit({ later: "x" }, "later");
    using scratch = makeDirectory();
    const directory = join(scratch.path, "copy");
    const source = await copyBase(await open(checkout.path), { base, directory }, signal);
    expect(source).toEqual({
      objectDirectories: [join(directory, "objects")],
      shallow: [checkout.git("rev-parse", `${base}~49`)],
    });
    checkout[Symbol.dispose]();
    const copy = attachRepository(directory);
    expect(copy.git("rev-list", "--count", base)).toBe("50");
    expect(copy.git("ls-tree", "-r", "--name-only", base)).toBe("a.txt\nb/c.txt");
    expect(copy.git("fsck", "--strict")).toContain(`dangling commit ${base}`);
    copy.git("update-ref", "refs/heads/none", base);
    expect((await open(directory)).objectDirectories).toEqual(source.objectDirectories);
  });

  test("keeps a short history whole, merges included", async () => {
    using checkout = makeRepository();
    const [one, two] = ["one", "two"].map((name) =>
      checkout.git("commit-tree", "-p", "HEAD", "-m", name, "HEAD^{tree}"),
    );
    const base = checkout.git("commit-tree", "-p", one ?? "", "-p", two ?? "", "-m", "merge", "HEAD^{tree}");
    using scratch = makeDirectory();
    const directory = join(scratch.path, "copy");
    const source = await copyBase(await open(checkout.path), { base, directory }, signal);
    expect(source.shallow).toEqual([]);
    expect(attachRepository(directory).git("rev-list", "--count", base)).toBe("4");
  });

  test("copies from shallow, borrowed and sha256 repositories", async () => {
    using checkout = makeRepository();
    checkout.commit({ two: "2" });
    using scratch = makeDirectory();
    runTestGit(scratch.path, ["clone", "--quiet", "--depth=1", `file://${checkout.path}`, "shallow"]);
    runTestGit(scratch.path, ["clone", "--quiet", "--shared", checkout.path, "borrowed"]);
    makeRepository({ file: "x" }, { path: join(scratch.path, "modern"), init: ["--object-format=sha256"] });
    for (const [name, count] of Object.entries({ shallow: "1", borrowed: "2", modern: "1" })) {
      const path = join(scratch.path, name);
      const base = attachRepository(path).git("rev-parse", "HEAD");
      const directory = join(scratch.path, `${name}-copy`);
      const { shallow } = await copyBase(await open(path), { base, directory }, signal);
      expect(shallow).toEqual(name === "shallow" ? [base] : []);
      expect(attachRepository(directory).git("rev-list", "--count", base)).toBe(count);
    }
  });
});

describe("areObjectsReadable", () => {
  test("is true where everybody may read, and false where one directory or pack is closed", async () => {
    using checkout = makeRepository();
    checkout.git("repack", "-q", "-a", "-d");
    const objects = join(checkout.path, ".git/objects");
    chmodSync(objects, 0o755);
    const repository = await open(checkout.path);
    const pack = readdirSync(join(objects, "pack")).find((name) => name.endsWith(".pack"));
    expect(areObjectsReadable(repository)).toBe(true);
    for (const name of ["", "pack", `pack/${pack}`]) {
      chmodSync(join(objects, name), 0o700);
      expect(areObjectsReadable(repository)).toBe(false);
      chmodSync(join(objects, name), 0o755);
    }
  });
});
