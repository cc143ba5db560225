import { describe, expect, it } from "vitest";
import { buildRepositoryKey, readRepositoryKey } from "../../src/git/repository-key.ts";
import { openRepository } from "../../src/git/repository.ts";
import { repositoryKeySchema } from "../../src/protocol/identifiers.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();

async function readKey(path: string): Promise<string> {
  return readRepositoryKey(await openRepository(path, gitSettings, signal), signal);
}

describe("the key of a repository on a server", () => {
  it("is the same for all clones and work trees of a project", async () => {
    using origin = makeRepository();
    using scratch = makeDirectory();
    for (const name of ["one", "two"]) {
      runTestGit(scratch.path, ["clone", "--quiet", `file://${origin.path}`, name]);
    }
    runTestGit(`${scratch.path}/one`, ["worktree", "add", "--quiet", "../three"]);
    const keys = await Promise.all(["one", "two", "three"].map((name) => readKey(`${scratch.path}/${name}`)));
    expect(new Set(keys).size).toBe(1);
    expect(await readKey(origin.path)).not.toBe(keys[0]);
  });

  it("is of the first remote, or of the directory, and stays", async () => {
    using repository = makeRepository();
    const first = await readKey(repository.path);
    expect(await readKey(repository.path)).toBe(first);
    repository.git("remote", "add", "upstream", "https://x.example/a/up.git");
    expect(await readKey(repository.path)).toMatch(/^up-[0-9a-f]{12}$/);
    repository.git("remote", "add", "origin", "https://x.example/a/ours.git");
    expect(await readKey(repository.path)).toMatch(/^ours-[0-9a-f]{12}$/);
  });

  it("is one that servers take, and holds no user or token", () => {
    const sources = [
      "https://me:t0ken@x.example/A B/Ünï.git/",
      "git@x.example:team/app.git",
      "C:\\work\\.git",
      "/",
      "...",
      "-",
    ];
    for (const source of [...sources, "x".repeat(500)]) {
      const key = buildRepositoryKey(source);
      expect(repositoryKeySchema.safeParse(key).success).toBe(true);
      expect(key).not.toContain("t0ken");
    }
    const [withUser, without] = ["https://me:t0ken@x.example/a.git", "https://x.example/a"].map(buildRepositoryKey);
    expect(withUser).toBe(without);
  });
});
