import { chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isTracked } from "../../src/git/is-tracked.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();
const ask = (...path: readonly string[]) => isTracked(join(...path), gitSettings, signal);

/** With a git that only says that it was started. */
async function isAsked(...path: readonly string[]): Promise<boolean> {
  using tools = makeDirectory();
  const canary = join(tools.path, "started");
  writeFileSync(join(tools.path, "git"), `#!/bin/sh\n: > '${canary}'\n`, { mode: 0o755 });
  await isTracked(join(...path), { ...gitSettings, path: tools.path }, signal);
  return existsSync(canary);
}

describe("isTracked", () => {
  test("tells files of the repository from the user's own", async () => {
    using checkout = makeRepository({ ".env": "A=1\n", "sub/.env": "A=1\n" });
    checkout.write({ "own/.env": "B=1\n" });
    expect(await ask(checkout.path, ".env")).toBe(true);
    expect(await ask(checkout.path, "sub/.env")).toBe(true);
    expect(await ask(checkout.path, "own/.env")).toBe(false);
  });

  test("takes a name in another case for the same file, as file systems of macOS and Windows do", async () => {
    using checkout = makeRepository({ ".ENV": "A=1\n" });
    expect(await ask(checkout.path, ".env")).toBe(true);
  });

  test("takes every letter of a name as it is", async () => {
    using checkout = makeRepository({ abc: "x" });
    for (const name of ["*", "a?c", "[a]bc", ":abc", ":(top)abc"]) expect(await ask(checkout.path, name)).toBe(false);
    checkout.commit({ ":(top)x": "x" });
    expect(await ask(checkout.path, ":(top)x")).toBe(true);
  });

  test("finds none outside of repositories and without git", async () => {
    using directory = makeDirectory();
    expect(await ask(directory.path, ".env")).toBe(false);
    using checkout = makeRepository({ ".env": "A=1\n" });
    mkdirSync(join(checkout.path, "bin"));
    const settings = { ...gitSettings, path: join(checkout.path, "bin") };
    expect(await isTracked(join(checkout.path, ".env"), settings, signal)).toBe(false);
  });

  test.each([
    ["of version 4, which shortens paths", ["update-index", "--index-version", "4"]],
    ["that is split", ["update-index", "--split-index"]],
    ["in which folders stand for their files", ["sparse-checkout", "set", "--cone", "--sparse-index", "other"]],
  ])("reads no index %s", async (_, args) => {
    using checkout = makeRepository({ "sub/.ea": "a", "sub/.env": "A=1\n", "other/a": "a" });
    runTestGit(checkout.path, args);
    checkout.write({ "sub/.env": "A=2\n" });
    expect(await ask(checkout.path, "sub/.env")).toBe(true);
    expect(await ask(checkout.path, "sub/.other")).toBe(false);
  });

  test("looks on where a directory is only called .git", async () => {
    using checkout = makeRepository({ "sub/.env": "A=1\n" });
    mkdirSync(join(checkout.path, "sub/.git"));
    expect(await ask(checkout.path, "sub/.env")).toBe(true);
  });

  test("starts git only where a tracked file has such a name", async () => {
    using checkout = makeRepository({ "sub/.env": "A=1\n" });
    expect(await isAsked(checkout.path, ".other")).toBe(false);
    expect(await isAsked(checkout.path, ".env")).toBe(true);
  });

  test("asks git of a large index, and of what belongs to somebody else", async () => {
    using checkout = makeRepository({ a: "a" });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) chownSync(join(checkout.path, ".git"), 1234, -1);
    expect(await isAsked(checkout.path, ".env")).toBe(isRoot);
    using large = makeRepository({ a: "a" });
    const id = runTestGit(large.path, ["rev-parse", "HEAD:a"]).toString().trim();
    const entries = Array.from({ length: 40_000 }, (_, at) => `100644 ${id}\t${"long".repeat(10)}${at}\n`);
    runTestGit(large.path, ["update-index", "--index-info"], entries.join(""));
    expect(await isAsked(large.path, ".env")).toBe(true);
  });
});
