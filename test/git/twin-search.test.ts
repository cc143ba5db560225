import { describe, expect, test } from "vitest";
import { openRepository } from "../../src/git/repository.ts";
import { startTwinSearch } from "../../src/git/twin-search.ts";
import { gitSettings, makeRepository } from "../support/repository.ts";

const { signal } = new AbortController();

describe.each(["sha1", "sha256"])("a search for twins in a %s repository", (format) => {
  const search = async (added: string, files: readonly string[] = [added]) => {
    const content = Object.fromEntries(files.map((path) => [path, ""]));
    using checkout = makeRepository(content, { init: [`--object-format=${format}`] });
    await using twins = startTwinSearch(await openRepository(checkout.path, gitSettings, signal), signal);
    twins.note(added);
    return await twins.mayFind(checkout.git("rev-parse", "HEAD"));
  };

  test("spares the reading of the whole tree where there are none on the way to what was added", async () => {
    expect(await search("a/b/c", ["a/b/c", "a/b/d", "A b", "e/X", "e/x", "a/f/Y", "a/f/y"])).toBe(false);
    expect(await search("top")).toBe(false);
  });

  test("finds them in each folder on that way", async () => {
    for (const twin of ["a/b/C", "a/B/d", "A/d"]) expect(await search("a/b/c", ["a/b/c", twin])).toBe(true);
  });

  test("leaves it to others where a folder's name is more than a line", async () => {
    expect(await search("a\nb/c")).toBe(true);
  });
});
