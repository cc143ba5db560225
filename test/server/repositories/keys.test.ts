import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRepositories } from "../../../src/server/repositories/create-repositories.ts";
import { AttemptOverError } from "../../../src/server/repositories/repositories.ts";
import type { AttemptRefs, Repositories } from "../../../src/server/repositories/repositories.ts";
import { createUlid } from "../../../src/util/ulid.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../../support/repository.ts";
import type { TestDirectory, TestRepository } from "../../support/repository.ts";

const { signal } = new AbortController();

interface Place extends Disposable {
  readonly data: TestDirectory;
  readonly source: TestRepository;
  readonly repositories: Repositories;
  readonly directory: string;
  readonly base: string;
  refs(): readonly string[];
}

async function openPlace(): Promise<Place> {
  const stack = new DisposableStack();
  const data = stack.use(makeDirectory());
  const source = stack.use(makeRepository({ "a.txt": "one\n" }));
  const repositories = createRepositories({
    dataDirectory: data.path,
    git: gitSettings,
    workspaceRoots: [],
    urlHosts: [],
  });
  const directory = await repositories.ensure("alice", "app", signal);
  const base = source.git("rev-parse", "HEAD");
  source.git("push", "--quiet", directory, `HEAD:refs/inbox/${base}`);
  return {
    data,
    source,
    repositories,
    directory,
    base,
    refs: () => runTestGit(directory, ["for-each-ref", "--format=%(refname)"]).toString().split("\n").filter(Boolean),
    [Symbol.dispose]: () => stack.dispose(),
  };
}

function buildAttempt(place: Place, facts: Partial<AttemptRefs> = {}): AttemptRefs {
  return { taskId: createUlid(), fence: 1, runId: createUlid(), base: place.base, branch: null, ...facts };
}

describe("a repository of the server's own", () => {
  it("is made once, by however many at a time, and is nobody's but the owner's", async () => {
    using data = makeDirectory();
    const settings = { dataDirectory: data.path, git: gitSettings, workspaceRoots: [], urlHosts: [] };
    const repositories = createRepositories(settings);
    expect(await repositories.find("alice", "app")).toBeNull();
    const made = await Promise.all(Array.from({ length: 8 }, () => repositories.ensure("alice", "app", signal)));
    expect(new Set(made).size).toBe(1);
    expect(await repositories.find("alice", "app")).toBe(made[0]);
    expect(await repositories.find("bob", "app")).toBeNull();
    expect(readdirSync(join(data.path, "repositories", "alice"))).toEqual(["app.git"]);
    expect(readdirSync(made[0] ?? "").sort()).toEqual(["HEAD", "config", "objects", "refs"]);
  });

  it("knows which commits it has", async () => {
    using place = await openPlace();
    const { repositories, directory, base } = place;
    expect(await repositories.hasCommit(directory, base, signal)).toBe(true);
    expect(await repositories.hasCommit(directory, "a".repeat(40), signal)).toBe(false);
    const tree = place.source.git("rev-parse", "HEAD^{tree}");
    expect(await repositories.hasCommit(directory, tree, signal)).toBe(false);
    expect(await repositories.check("alice", { key: "app", base }, signal)).toBeNull();
    const missing = { code: "BASE_MISSING", pointer: "/repository/base" };
    expect(await repositories.check("alice", { key: "app", base: "a".repeat(40) }, signal)).toMatchObject(missing);
    expect(await repositories.check("bob", { key: "app", base }, signal)).toMatchObject(missing);
  });

  it("takes pushes to its inbox only, and shows results only", async () => {
    using place = await openPlace();
    const { source, directory, base } = place;
    const attempt = buildAttempt(place);
    await place.repositories.begin(directory, attempt);
    await place.repositories.publish(directory, attempt, base);
    source.commit({ "b.txt": "two\n" });
    for (const ref of ["refs/heads/main", `refs/tasks/${attempt.taskId}`, "refs/attempts/x/1", "refs/agent-worker/x"]) {
      expect(() => source.git("push", "--force", directory, `HEAD:${ref}`)).toThrow(/hidden ref/);
    }
    const shown = source.git("ls-remote", directory).split("\n");
    expect(shown).toEqual([`${base}\trefs/tasks/${attempt.taskId}`]);
  });

  it("refuses what could harm a checkout, and takes old histories as they are", async () => {
    using place = await openPlace();
    const { source, directory } = place;
    const commit = (tree: string, author: string): string => {
      const text = `tree ${tree}\nauthor ${author}\ncommitter ${author}\n\nx\n`;
      return runTestGit(source.path, ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], text)
        .toString()
        .trim();
    };
    const blob = source.git("rev-parse", "HEAD:a.txt");
    const evil = runTestGit(
      source.path,
      ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
      Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(blob, "hex")]),
    )
      .toString()
      .trim();
    const good = source.git("rev-parse", "HEAD^{tree}");
    expect(() => source.git("push", directory, `${commit(evil, "A <a@b> 1 +0000")}:refs/inbox/evil`)).toThrow(
      /hasDotgit/,
    );
    source.git("push", "--quiet", directory, `${commit(good, "A <a@b> 0012 +051800")}:refs/inbox/old`);
    expect(place.refs()).toContain("refs/inbox/old");
    expect(place.refs()).not.toContain("refs/inbox/evil");
  });

  it("runs no hook that somebody has put there", async () => {
    using place = await openPlace();
    expect(readFileSync(join(place.directory, "config"), "utf8")).toContain("hooksPath = /dev/null");
    expect(existsSync(join(place.directory, "hooks"))).toBe(false);
  });

  it("shows a result as a patch", async () => {
    using place = await openPlace();
    const head = place.source.commit({ "a.txt": "two\n", "b c.txt": "three\n" });
    place.source.git("push", "--quiet", place.directory, `HEAD:refs/inbox/${head}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of place.repositories.diff(place.directory, { base: place.base, head }, signal)) {
      chunks.push(chunk);
    }
    const patch = Buffer.concat(chunks).toString();
    expect(patch).toContain("diff --git a/a.txt b/a.txt");
    expect(patch).toContain("-one\n+two\n");
    expect(patch).toContain("+three\n");
  });
});

describe("attempts in a repository", () => {
  it("publish in one step and leave nothing else", async () => {
    using place = await openPlace();
    const { repositories, directory, base } = place;
    const attempt = buildAttempt(place, { branch: "agent/x-1" });
    await repositories.begin(directory, attempt);
    runTestGit(directory, ["update-ref", "refs/heads/agent/x-1", base]);
    runTestGit(directory, ["update-ref", `refs/agent-worker/${attempt.runId}`, base]);
    await repositories.publish(directory, attempt, base);
    // Said again by somebody who has not heard the answer.
    await repositories.publish(directory, attempt, base);
    await repositories.discard(directory, attempt);
    expect(place.refs()).toEqual([`refs/inbox/${base}`, `refs/tasks/${attempt.taskId}`]);
    await repositories.unpublish(directory, attempt.taskId);
    expect(place.refs()).toEqual([`refs/inbox/${base}`]);
  });

  it("cannot publish once a later one has begun, whatever it believes", async () => {
    using place = await openPlace();
    const { repositories, directory, base, source } = place;
    const first = buildAttempt(place);
    const second = { ...first, fence: 3, runId: createUlid() };
    await repositories.begin(directory, first);
    await repositories.begin(directory, second);
    await expect(repositories.publish(directory, first, base)).rejects.toThrow(AttemptOverError);
    await expect(repositories.begin(directory, { ...first, fence: 2 })).rejects.toThrow(AttemptOverError);
    const head = source.commit({ "a.txt": "2" });
    source.git("push", "--quiet", directory, `HEAD:refs/inbox/${head}`);
    await repositories.publish(directory, second, head);
    await repositories.discard(directory, first);
    await expect(repositories.publish(directory, first, base)).rejects.toThrow(AttemptOverError);
    expect(
      runTestGit(directory, ["rev-parse", `refs/tasks/${first.taskId}`])
        .toString()
        .trim(),
    ).toBe(head);
  });

  it("take away what one before them had published before it was lost", async () => {
    using place = await openPlace();
    const { repositories, directory, base } = place;
    const first = buildAttempt(place);
    await repositories.begin(directory, first);
    await repositories.publish(directory, first, base);
    await repositories.begin(directory, { ...first, fence: 2 });
    expect(place.refs()).not.toContain(`refs/tasks/${first.taskId}`);
  });

  it("of several at once one counts, and it is the last", async () => {
    using place = await openPlace();
    const { repositories, directory, base } = place;
    const attempt = buildAttempt(place);
    const fences = [1, 2, 3, 4, 5, 6];
    await Promise.allSettled(fences.map((fence) => repositories.begin(directory, { ...attempt, fence })));
    await repositories.begin(directory, { ...attempt, fence: 6 });
    // Commits of their own, as attempts make: who finds its own one published takes itself for the one that did it.
    const commits = fences.map((fence) =>
      runTestGit(directory, ["commit-tree", `${base}^{tree}`, "-p", base, "-m", `attempt ${fence}`])
        .toString()
        .trim(),
    );
    const published = await Promise.allSettled(
      fences.map((fence, at) => repositories.publish(directory, { ...attempt, fence }, commits[at] ?? "")),
    );
    expect(published.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => "rejected"),
      "fulfilled",
    ]);
    expect(place.refs()).toEqual([`refs/inbox/${base}`, `refs/tasks/${attempt.taskId}`]);
  });

  it("need a base that is there", async () => {
    using place = await openPlace();
    const attempt = buildAttempt(place, { base: "a".repeat(40) });
    await expect(place.repositories.begin(place.directory, attempt)).rejects.toMatchObject({ code: "BASE_NOT_FOUND" });
  });

  it("leave the newest bases in the inbox, which make the next push small", async () => {
    using place = await openPlace();
    const refs = Array.from({ length: 80 }, (_, index) => `create refs/inbox/${index} ${place.base}\n`);
    runTestGit(place.directory, ["update-ref", "--stdin"], refs.join(""));
    await place.repositories.discard(place.directory, buildAttempt(place));
    expect(place.refs()).toHaveLength(64);
  });
});
