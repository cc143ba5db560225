import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRepositories } from "../../../src/server/repositories/create-repositories.ts";
import type { Repositories } from "../../../src/server/repositories/repositories.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../../support/repository.ts";
import { snapshotCheckout } from "../../support/snapshot-checkout.ts";

const { signal } = new AbortController();

interface Place extends Disposable {
  readonly root: string;
  readonly outside: string;
  readonly repositories: Repositories;
}

function openPlace(): Place {
  const stack = new DisposableStack();
  const root = stack.use(makeDirectory()).path;
  const outside = stack.use(makeDirectory()).path;
  const data = stack.use(makeDirectory()).path;
  const settings = { dataDirectory: data, git: gitSettings, workspaceRoots: [root], urlHosts: [] };
  return { root, outside, repositories: createRepositories(settings), [Symbol.dispose]: () => stack.dispose() };
}

const refusal = { code: "REPOSITORY_REFUSED" };

describe("a repository below a workspace root", () => {
  it("is fetched and never used in place", async () => {
    using place = openPlace();
    const source = makeRepository({ "a.txt": "one\n" }, { path: join(place.root, "app") });
    const first = source.git("rev-parse", "HEAD");
    const second = source.commit({ "a.txt": "two\n" });
    // Whatever its configuration would run does not run.
    writeFileSync(join(place.outside, "run"), `#!/bin/sh\ntouch ${place.outside}/ran\n`, { mode: 0o755 });
    source.git("config", "uploadpack.packObjectsHook", join(place.outside, "run"));
    source.git("config", "core.fsmonitor", join(place.outside, "run"));
    source.git("config", "core.alternateRefsCommand", join(place.outside, "run"));
    const before = snapshotCheckout(source.path);
    const request = { path: source.path, base: "main~1" };
    expect(await place.repositories.check("alice", request, signal)).toBeNull();
    const older = await place.repositories.prepare("alice", request, signal);
    expect(older.base).toBe(first);
    expect(runTestGit(older.directory, ["rev-list", "--count", first]).toString()).toBe("1\n");
    const newer = await place.repositories.prepare("alice", { ...request, base: "HEAD" }, signal);
    expect(newer).toEqual({ directory: older.directory, base: second });
    expect(snapshotCheckout(source.path)).toEqual(before);
    expect(readdirSync(place.outside)).toEqual(["run"]);
    expect(readFileSync(join(older.directory, "config"), "utf8")).not.toContain(place.root);
    expect(readdirSync(join(older.directory, "objects", "info"))).toEqual([]);
    expect(readdirSync(join(older.directory, ".."))).toHaveLength(1);
  });

  it("may be shallow, a linked work tree, or bare", async () => {
    using place = openPlace();
    const source = makeRepository({ "a.txt": "one\n" }, { path: join(place.root, "app") });
    const head = source.commit({ "a.txt": "two\n" });
    runTestGit(place.root, ["clone", "--quiet", "--depth=1", `file://${source.path}`, "shallow"]);
    runTestGit(place.root, ["clone", "--quiet", "--bare", source.path, "bare.git"]);
    source.git("worktree", "add", "--quiet", "--detach", join(place.root, "linked"));
    for (const name of ["shallow", "bare.git", "linked"]) {
      const prepared = await place.repositories.prepare(
        "alice",
        { path: join(place.root, name), base: "HEAD" },
        signal,
      );
      expect(prepared.base).toBe(head);
      expect(runTestGit(prepared.directory, ["ls-tree", "--name-only", head]).toString()).toBe("a.txt\n");
    }
  });

  it("with a base that is not there says so", async () => {
    using place = openPlace();
    const source = makeRepository({}, { path: join(place.root, "app") });
    source.commit({ "a.txt": "x" });
    const prepared = place.repositories.prepare("alice", { path: source.path, base: "nothing" }, signal);
    await expect(prepared).rejects.toMatchObject({ code: "BASE_NOT_FOUND" });
  });
});

describe("a path that leads elsewhere", () => {
  it("by its words, by symbolic links, or because there is nothing is refused alike", async () => {
    using place = openPlace();
    makeRepository({ "a.txt": "x" }, { path: join(place.outside, "app") });
    symlinkSync(join(place.outside, "app"), join(place.root, "link"));
    mkdirSync(join(place.root, "inner"));
    symlinkSync(place.outside, join(place.root, "inner", "up"));
    const paths = [
      join(place.outside, "app"),
      join(place.root, "link"),
      join(place.root, "inner", "up", "app"),
      `${place.root}/../${place.outside.split("/").at(-1)}/app`,
      `${place.root}-other`,
      join(place.root, "nothing"),
      "/etc",
    ];
    const messages = new Set<string>();
    for (const path of paths) {
      const request = { path, base: "HEAD" };
      const problem = await place.repositories.check("alice", request, signal);
      expect(problem).toMatchObject({ ...refusal, pointer: "/repository/path" });
      messages.add(problem?.message ?? "");
      await expect(place.repositories.prepare("alice", request, signal)).rejects.toMatchObject(refusal);
    }
    expect(messages.size).toBe(1);
  });

  it("through a .git file, a linked work tree or an alternate is refused", async () => {
    using place = openPlace();
    const other = makeRepository({ "a.txt": "x" }, { path: join(place.outside, "app") });
    mkdirSync(join(place.root, "pointer"));
    writeFileSync(join(place.root, "pointer", ".git"), `gitdir: ${other.path}/.git\n`);
    other.git("worktree", "add", "--quiet", "--detach", join(place.root, "linked"));
    runTestGit(place.root, ["clone", "--quiet", "--shared", other.path, "shared"]);
    for (const name of ["pointer", "linked", "shared"]) {
      const request = { path: join(place.root, name), base: "HEAD" };
      await expect(place.repositories.prepare("alice", request, signal)).rejects.toMatchObject(refusal);
    }
  });

  it.each([[[]], [["/nonexistent/root"]]])("is refused wherever there is no root (%j)", async (workspaceRoots) => {
    using data = makeDirectory();
    const repositories = createRepositories({
      dataDirectory: data.path,
      git: gitSettings,
      workspaceRoots,
      urlHosts: [],
    });
    for (const path of [data.path, "/nonexistent/root/app", "/"]) {
      const request = { path, base: "HEAD" };
      expect(await repositories.check("alice", request, signal)).toMatchObject(refusal);
      await expect(repositories.prepare("alice", request, signal)).rejects.toMatchObject(refusal);
    }
  });
});
