import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/core/task.ts";
import type { AgentContext } from "../../../src/core/agent.ts";
import type { Repository } from "../../../src/git/repository.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../../support/repository.ts";
import { openClientWorld } from "../../support/server-world.ts";
import { buildComplete, startTestServer, testKeys } from "../../support/task-server.ts";

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** A commit with this tree and these parents, kept as an import keeps it. */
function commitTree(
  { repository }: AgentContext<Repository>,
  { runId, title }: Task,
  { tree, parents }: { readonly tree: (base: string) => string; readonly parents: readonly string[] },
): string {
  const git = (args: readonly string[], input?: string): string =>
    runTestGit(repository.gitDirectory, args, input).toString("utf8").trimEnd();
  const blob = git(["hash-object", "-w", "--stdin"], "work\n");
  const made = git(["mktree"], tree(blob));
  const commit = git(["commit-tree", made, ...parents.flatMap((parent) => ["-p", parent]), "-m", title]);
  git(["update-ref", `refs/agent-worker/${runId}`, commit]);
  return commit;
}

describe("git, on its way to a server and back", () => {
  it("gets the key through its environment only: it is in no argument and no file", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    using bin = makeDirectory("aw-bin-");
    const log = join(bin.path, "log");
    const real = (process.env["PATH"] ?? "").split(":").map((part) => join(part, "git"));
    const git = real.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined) ?? "git";
    const script = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\nexec '${git}' "$@"\n`;
    writeFileSync(join(bin.path, "git"), script, { mode: 0o755 });
    const path = `${bin.path}:${gitSettings.path}`;
    const { report } = await world.run([server.url], { git: { ...gitSettings, path } });
    expect(report.outcome).toBe("succeeded");
    const argv = readFileSync(log, "utf8");
    expect(argv).toMatch(/^push .*http/m);
    expect(argv).toMatch(/^fetch .*refs\/tasks\//m);
    expect(argv).not.toContain(testKeys.alice);
    const holding = [...listFiles(world.stateDirectory), ...listFiles(join(world.repository.path, ".git"))].filter(
      (file) => readFileSync(file).includes(testKeys.alice),
    );
    expect(holding).toEqual([]);
  });

  it("brings nothing in that does not descend from the base", async () => {
    await using server = await startTestServer({
      async *act(task, context) {
        const commit = commitTree(context, task, { tree: (blob) => `100644 blob ${blob}\ta\n`, parents: [] });
        yield buildComplete({ commit });
      },
    });
    await using world = openClientWorld();
    const before = world.repository.git("count-objects", "-v");
    const { report } = await world.run([server.url]);
    expect(report).toMatchObject({ outcome: "unavailable", reason: { code: "IMPORT_REFUSED" }, branch: null });
    expect(world.repository.git("count-objects", "-v")).toBe(before);
    expect(world.repository.git("for-each-ref", "refs/agent-worker", "refs/heads/agent")).toBe("");
  });

  it("says so where the server cannot keep a repository with SHA-256 objects", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld(makeRepository({ "a.txt": "1\n" }, { init: ["--object-format=sha256"] }));
    const { report } = await world.run([server.url]);
    expect(report).toMatchObject({ outcome: "unavailable", branch: null, reason: { code: "SERVER_REFUSED" } });
    expect(report.reason?.message).toContain("SHA-1 objects only");
  });
});
