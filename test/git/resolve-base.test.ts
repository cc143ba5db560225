import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openRepository } from "../../src/git/repository.ts";
import { resolveBase } from "../../src/git/resolve-base.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();
const resolveIn = async (path: string, revision: string) =>
  resolveBase(await openRepository(path, gitSettings, signal), revision, signal);

describe("resolveBase", () => {
  test("names the commit and the ref that a revision stands for", async () => {
    using checkout = makeRepository();
    const first = checkout.git("rev-parse", "HEAD");
    checkout.git("tag", "--annotate", "v1", "--message", "One");
    const second = checkout.commit({ two: "2" }, "the second one");
    checkout.git("branch", "feature/x");
    const expected = {
      HEAD: { ref: "refs/heads/main", sha: second },
      "@": { ref: "refs/heads/main", sha: second },
      "feature/x": { ref: "refs/heads/feature/x", sha: second },
      v1: { ref: "refs/tags/v1", sha: first },
      "HEAD~1": { ref: null, sha: first },
      [first]: { ref: null, sha: first },
      [first.slice(0, 10)]: { ref: null, sha: first },
      ":/the second": { ref: null, sha: second },
    };
    for (const [revision, base] of Object.entries(expected)) {
      expect({ revision, base: await resolveIn(checkout.path, revision) }).toEqual({ revision, base });
    }
    checkout.git("switch", "--quiet", "--detach");
    expect(await resolveIn(checkout.path, "HEAD")).toEqual({ ref: null, sha: second });
  });

  test("refuses what is no single commit, and never takes it for an option", async () => {
    using checkout = makeRepository();
    checkout.commit({ two: "2" });
    const wrong = [
      "",
      "--all",
      "-n1",
      "nothing",
      "HEAD:README.md",
      "HEAD^{tree}",
      "HEAD~1..HEAD",
      "^HEAD",
      "0".repeat(40),
    ];
    for (const revision of [...wrong, "HEAD\n", "HEAD^@", "HEAD~7", "--git-dir"]) {
      const message = expect.stringContaining(`'${revision}'`);
      await expect(resolveIn(checkout.path, revision)).rejects.toMatchObject({ code: "BASE_NOT_FOUND", message });
    }
  });

  test("suggests near names, and in a shallow clone the rest of the history", async () => {
    using checkout = makeRepository();
    checkout.git("branch", "develop");
    await expect(resolveIn(checkout.path, "devlop")).rejects.toMatchObject({ hint: "Did you mean develop?" });
    checkout.commit({ two: "2" });
    using other = makeDirectory();
    runTestGit(other.path, ["clone", "--quiet", "--depth=1", `file://${checkout.path}`, "shallow"]);
    await expect(resolveIn(join(other.path, "shallow"), "HEAD~1")).rejects.toMatchObject({
      code: "BASE_NOT_FOUND",
      hint: expect.stringContaining("git fetch --unshallow"),
    });
  });

  test("refuses a partial clone that lacks files of the base, and fetches nothing itself", async () => {
    using checkout = makeRepository({ "a.txt": "a", "b.txt": "b" });
    checkout.git("config", "uploadpack.allowFilter", "true");
    using other = makeDirectory();
    const source = `file://${checkout.path}`;
    runTestGit(other.path, ["clone", "--quiet", "--no-checkout", "--filter=blob:none", source, "partial"]);
    const partial = join(other.path, "partial");
    const packs = readdirSync(join(partial, ".git/objects/pack"));
    await expect(resolveIn(partial, "HEAD")).rejects.toMatchObject({
      code: "REPOSITORY_PARTIAL",
      message: expect.stringContaining("lacks 2 objects"),
      hint: expect.stringContaining("archive"),
    });
    expect(readdirSync(join(partial, ".git/objects/pack"))).toEqual(packs);
    expect(readFileSync(join(partial, ".git/config"), "utf8")).toContain("promisor");
    runTestGit(partial, ["archive", "HEAD"]);
    expect(await resolveIn(partial, "HEAD")).toMatchObject({ ref: "refs/heads/main" });
  });
});
