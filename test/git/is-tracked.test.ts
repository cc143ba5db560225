import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isTracked } from "../../src/git/is-tracked.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();
const ask = (...path: readonly string[]) => isTracked(join(...path), gitSettings, signal);

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
    using tools = makeDirectory();
    const canary = join(tools.path, "started");
    writeFileSync(join(tools.path, "git"), `#!/bin/sh\n: > '${canary}'\n`, { mode: 0o755 });
    const settings = { ...gitSettings, path: tools.path };
    expect(await isTracked(join(checkout.path, ".other"), settings, signal)).toBe(false);
    expect(existsSync(canary)).toBe(false);
    await isTracked(join(checkout.path, ".env"), settings, signal);
    expect(existsSync(canary)).toBe(true);
  });
});
