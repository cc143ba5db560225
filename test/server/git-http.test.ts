import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";
import { runRemoteGit } from "../support/remote-git.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";

const zero = "0".repeat(40);

function toPktLine(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

/** For fast-import. */
function writeCommit(mark: number, ...more: readonly string[]): string {
  const text = `commit ${mark}`;
  const head = ["reset refs/x", "commit refs/x", `mark :${mark}`, "committer A <a@example.org> 1 +0000"];
  return [...head, `data ${text.length}`, text, ...more, ""].join("\n");
}

describe("a push", () => {
  it("brings a commit into the inbox of a repository that it makes", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const sha = repository.git("rev-parse", "HEAD");
    const commit = `/api/v1/repositories/app/commits/${sha}`;
    expect((await server.request(commit, { method: "HEAD" })).status).toBe(404);
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const pushed = await runRemoteGit(repository.path, ["push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(pushed).toMatchObject({ exitCode: 0 });
    expect((await server.request(commit, { method: "HEAD" })).status).toBe(200);
    expect((await server.request(commit, { method: "HEAD", key: testKeys.bob })).status).toBe(404);
    const again = await runRemoteGit(repository.path, ["push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(again).toMatchObject({ exitCode: 0 });
  });

  it("of a shallow clone is taken, and of a large pack", async () => {
    using repository = makeRepository({ "a.bin": Buffer.alloc(3_000_000, "0123456789abcdef\n") });
    using clone = makeDirectory();
    repository.commit({ "b.txt": "b" });
    const cloned = ["clone", "--quiet", "--depth=1", `file://${repository.path}`, clone.path];
    expect(await runRemoteGit("/", cloned)).toMatchObject({ exitCode: 0 });
    await using server = await startTestServer();
    const sha = repository.git("rev-parse", "HEAD");
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const chunked = ["-c", "http.postBuffer=65536", "-c", "core.compression=0"];
    const pushed = await runRemoteGit(clone.path, [...chunked, "push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(pushed).toMatchObject({ exitCode: 0 });
  });

  it("of a clone whose history is cut in many places is taken", async () => {
    using repository = makeRepository();
    using clone = makeDirectory();
    const pairs = Array.from(
      { length: 200 },
      (_, at) => `${writeCommit(2 * at + 1)}${writeCommit(2 * at + 2, `from :${2 * at + 1}`)}`,
    );
    const merged = pairs.map((_, at) => `${at === 0 ? "from" : "merge"} :${2 * at + 2}`);
    const end = `${writeCommit(999, ...merged)}reset refs/heads/wide\nfrom :999\n`;
    runTestGit(repository.path, ["fast-import", "--quiet"], `${pairs.join("")}${end}`);
    const options = ["--quiet", "--depth=2", "--branch=wide"];
    const cloned = await runRemoteGit("/", ["clone", ...options, `file://${repository.path}`, clone.path]);
    expect(cloned).toMatchObject({ exitCode: 0 });
    await using server = await startTestServer();
    const sha = repository.git("rev-parse", "wide");
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const pushed = await runRemoteGit(clone.path, ["push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(pushed).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ["a branch", (sha: string) => `${sha}:refs/heads/main`],
    ["another inbox ref", () => `HEAD~1:refs/inbox/${"a".repeat(40)}`],
    ["the result of a task", (sha: string) => `${sha}:refs/tasks/01M7XQEKPMMNEQZ2HHF3DSZ5S4`],
    ["what a run has kept", (sha: string) => `${sha}:refs/agent-worker/x`],
    ["nothing, to delete", (sha: string) => `:refs/inbox/${sha}`],
  ])("to %s is refused", async (_, toRefspec) => {
    using repository = makeRepository();
    repository.commit({ "b.txt": "b" });
    await using server = await startTestServer();
    const sha = repository.git("rev-parse", "HEAD");
    const remote = `${server.url}/api/v1/repositories/app.git`;
    await runRemoteGit(repository.path, ["push", remote, `${sha}:refs/inbox/${sha}`]);
    const pushed = await runRemoteGit(repository.path, ["push", "--force", remote, toRefspec(sha)]);
    expect(pushed.exitCode).not.toBe(0);
    const commit = `/api/v1/repositories/app/commits/${sha}`;
    expect((await server.request(commit)).status).toBe(200);
  });
});

it.each([
  ["another ref", `${zero} ${"b".repeat(40)} refs/heads/main\0 report-status`, 403],
  ["another id's ref", `${zero} ${"b".repeat(40)} refs/inbox/${"c".repeat(40)}\0`, 403],
  ["a ref that leaves", `${zero} ${"b".repeat(40)} refs/inbox/../heads/x\0`, 403],
  ["a deletion", `${"b".repeat(40)} ${zero} refs/inbox/${"b".repeat(40)}\0`, 403],
  ["a change", `${"c".repeat(40)} ${"b".repeat(40)} refs/inbox/${"b".repeat(40)}\0`, 403],
  ["a certificate", `push-cert\0 report-status`, 403],
])("refuses %s before git sees it, packed or not", async (_, command, status) => {
  await using server = await startTestServer();
  const body = Buffer.from(`${toPktLine(command)}0000`);
  for (const packed of [false, true]) {
    const answer = await server.request("/api/v1/repositories/app.git/git-receive-pack", {
      method: "POST",
      headers: {
        "Content-Type": "application/x-git-receive-pack-request",
        ...(packed ? { "Content-Encoding": "gzip" } : {}),
      },
      body: packed ? gzipSync(body) : body,
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  }
});
