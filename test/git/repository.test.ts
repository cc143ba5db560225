import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openRepository } from "../../src/git/repository.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();
const open = (path: string) => openRepository(path, gitSettings, signal);

describe("openRepository", () => {
  test("opens a checkout from its top and from a directory deep inside", async () => {
    using checkout = makeRepository({ "a/b/c.txt": "x" });
    const fromTop = await open(checkout.path);
    expect(fromTop).toMatchObject({
      path: checkout.path,
      gitDirectory: join(checkout.path, ".git"),
      commonDirectory: join(checkout.path, ".git"),
      objectDirectories: [join(checkout.path, ".git/objects")],
      shallow: [],
      objectFormat: "sha1",
      isBare: false,
      identity: { name: "agent-worker", email: "agent-worker@localhost" },
    });
    expect(await open(join(checkout.path, "a/b"))).toEqual(fromTop);
  });

  test("finds the work tree from inside of the git directory", async () => {
    using checkout = makeRepository();
    for (const inside of [".git", ".git/refs/heads"]) {
      expect(await open(join(checkout.path, inside))).toMatchObject({ path: checkout.path, isBare: false });
    }
  });

  test("opens a linked work tree and knows what it shares", async () => {
    using checkout = makeRepository();
    using other = makeDirectory();
    const linked = join(other.path, "linked");
    checkout.git("worktree", "add", "--quiet", linked);
    const common = join(checkout.path, ".git");
    const expected = { path: linked, gitDirectory: join(common, "worktrees/linked"), commonDirectory: common };
    expect(await open(linked)).toMatchObject(expected);
    expect(await open(join(common, "worktrees/linked"))).toMatchObject(expected);
  });

  test("opens a bare repository, also from inside of it", async () => {
    using checkout = makeRepository();
    using other = makeDirectory();
    const bare = join(other.path, "bare.git");
    runTestGit(other.path, ["clone", "--quiet", "--bare", checkout.path, bare]);
    expect(await open(bare)).toMatchObject({ path: bare, gitDirectory: bare, isBare: true });
    expect(await open(join(bare, "objects"))).toMatchObject({ path: bare, isBare: true });
  });

  test("follows core.worktree and a .git file", async () => {
    using other = makeDirectory();
    const path = join(other.path, "tree");
    const separate = join(other.path, "separate.git");
    makeRepository({ file: "x" }, { path, init: [`--separate-git-dir=${separate}`] });
    expect(await open(path)).toMatchObject({ path, gitDirectory: separate, isBare: false });
    attachRepository(path).git("config", "core.worktree", path);
    expect(await open(separate)).toMatchObject({ path, gitDirectory: separate });
  });

  test("opens a detached, a shallow and a sha256 repository", async () => {
    using checkout = makeRepository();
    checkout.commit({ two: "2" });
    const sha = checkout.git("rev-parse", "HEAD");
    expect(await open(checkout.path)).toMatchObject({ head: { sha, ref: "refs/heads/main" } });
    checkout.git("switch", "--quiet", "--detach");
    expect(await open(checkout.path)).toMatchObject({ path: checkout.path, head: { sha, ref: null } });
    expect((await open(join(checkout.path, ".git"))).head).toEqual({ sha, ref: null });
    checkout.write({ "deep/file": "x" });
    for (const ref of ["refs/tags/HEAD", "refs/heads/HEAD"]) {
      checkout.git("update-ref", ref, "HEAD~1");
      expect((await open(join(checkout.path, "deep"))).head).toEqual({ sha, ref: null });
    }
    using other = makeDirectory();
    const shallow = join(other.path, "shallow");
    runTestGit(other.path, ["clone", "--quiet", "--depth=1", `file://${checkout.path}`, shallow]);
    expect((await open(shallow)).shallow).toEqual([checkout.git("rev-parse", "HEAD")]);
    using modern = makeRepository({ file: "x" }, { init: ["--object-format=sha256"] });
    expect((await open(modern.path)).objectFormat).toBe("sha256");
  });

  test("lists the object directories that a repository borrows from, through each other and once each", async () => {
    using checkout = makeRepository();
    using other = makeDirectory();
    runTestGit(other.path, ["clone", "--quiet", "--shared", checkout.path, "one"]);
    runTestGit(other.path, ["clone", "--quiet", "--shared", join(other.path, "one"), "two"]);
    const two = join(other.path, "two/.git/objects");
    writeFileSync(join(checkout.path, ".git/objects/info/alternates"), `# around\n${two}\n/nonexistent\n`);
    expect((await open(join(other.path, "two"))).objectDirectories).toEqual([
      two,
      join(other.path, "one/.git/objects"),
      join(checkout.path, ".git/objects"),
    ]);
  });

  test("takes the identity it is given", async () => {
    using checkout = makeRepository();
    const identity = { name: "Robot", email: "robot@example.org" };
    expect(await openRepository(checkout.path, { ...gitSettings, identity }, signal)).toMatchObject({ identity });
  });

  test("ignores GIT_DIR and GIT_INDEX_FILE inherited from a calling hook", async () => {
    using checkout = makeRepository();
    process.env["GIT_DIR"] = "/nonexistent";
    process.env["GIT_INDEX_FILE"] = "/nonexistent/index";
    try {
      expect(await open(checkout.path)).toMatchObject({ path: checkout.path });
    } finally {
      delete process.env["GIT_DIR"];
      delete process.env["GIT_INDEX_FILE"];
    }
  });
});

describe("openRepository refuses", () => {
  test("a directory outside of any repository, one that is not there, and a file", async () => {
    using outside = makeDirectory();
    writeFileSync(join(outside.path, "file"), "");
    const refused = { code: "NOT_A_REPOSITORY" };
    await expect(open(outside.path)).rejects.toMatchObject({ ...refused, hint: expect.stringContaining("git init") });
    await expect(open(join(outside.path, "no"))).rejects.toMatchObject({
      ...refused,
      message: `There is no directory ${outside.path}/no`,
    });
    await expect(open(join(outside.path, "file"))).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("no directory:"),
    });
  });

  test("a repository without a commit, but not one whose HEAD alone is unborn", async () => {
    using empty = makeRepository({});
    await expect(open(empty.path)).rejects.toMatchObject({
      code: "REPOSITORY_EMPTY",
      hint: expect.stringContaining("git commit"),
    });
    using orphan = makeRepository();
    orphan.git("switch", "--quiet", "--orphan", "unborn");
    expect(await open(orphan.path)).toMatchObject({ path: orphan.path });
  });

  test("a repository of another user, until its owner is declared safe", async () => {
    using checkout = makeRepository();
    using tools = makeDirectory();
    // git's own switch for its tests: every repository is then someone else's.
    writeFileSync(
      join(tools.path, "git"),
      `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 PATH='${gitSettings.path}' exec git "$@"\n`,
    );
    chmodSync(join(tools.path, "git"), 0o755);
    const settings = { path: `${tools.path}:${gitSettings.path}`, home: tools.path };
    await expect(openRepository(checkout.path, settings, signal)).rejects.toMatchObject({
      code: "REPOSITORY_OWNER",
      hint: `If you trust it: git config --global --add safe.directory '${checkout.path}'`,
    });
    writeFileSync(
      join(tools.path, ".gitconfig"),
      `[safe]\n\tdirectory = /elsewhere\n\tdirectory = "${checkout.path}"\n`,
    );
    expect(await openRepository(checkout.path, settings, signal)).toMatchObject({ path: checkout.path });
    mkdirSync(join(tools.path, "xdg/git"), { recursive: true });
    writeFileSync(join(tools.path, "xdg/git/config"), `[safe]\n\tdirectory = *\n`);
    const elsewhere = { ...settings, home: "/nonexistent", xdgConfigHome: join(tools.path, "xdg") };
    expect(await openRepository(checkout.path, elsewhere, signal)).toMatchObject({ path: checkout.path });
  });

  test("to work without git, and says where it looked", async () => {
    using checkout = makeRepository();
    await expect(openRepository(checkout.path, { ...gitSettings, path: "/nonexistent" }, signal)).rejects.toMatchObject(
      {
        code: "GIT_MISSING",
        message: expect.stringContaining("/nonexistent"),
      },
    );
  });

  test("a repository with a broken configuration, in git's words", async () => {
    using checkout = makeRepository();
    writeFileSync(join(checkout.path, ".git/config"), "[core\n");
    await expect(open(checkout.path)).rejects.toMatchObject({
      code: "GIT_FAILED",
      message: expect.stringContaining("bad config line"),
    });
  });

  test("to start when the signal is aborted", async () => {
    using checkout = makeRepository();
    await expect(openRepository(checkout.path, gitSettings, AbortSignal.abort("SIGINT"))).rejects.toBe("SIGINT");
  });
});
