import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isTracked } from "../../src/git/is-tracked.ts";
import { gitSettings, makeDirectory, makeRepository } from "../support/repository.ts";

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
});
