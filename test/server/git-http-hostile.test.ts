import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { makeRepository, runTestGit } from "../support/repository.ts";
import type { TestRepository } from "../support/repository.ts";
import { runRemoteGit } from "../support/remote-git.ts";
import { pushBase, submitTask, waitForEnd } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";

/** A commit whose tree has an entry of this name, which git itself would not make. */
function makeCommit(repository: TestRepository, name: string, mode = "100644"): string {
  const blob = runTestGit(repository.path, ["hash-object", "-w", "--stdin"], "x").toString("utf8").trim();
  const tree = Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(blob, "hex")]);
  const treeId = runTestGit(repository.path, ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], tree);
  return repository.git("commit-tree", treeId.toString("utf8").trim(), "-m", "strange");
}

/** The git processes that this one has started. */
function listGit(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        const [, program = ""] = /\((.*)\)/.exec(stat) ?? [];
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return parent === process.pid && program.startsWith("git") ? [program] : [];
      } catch {
        return [];
      }
    });
}

describe("what is pushed is looked into:", () => {
  it.each([
    [".git", "hasDotgit", "100644"],
    ["..", "hasDotdot", "100644"],
    [".GIT", "hasDotgit", "100644"],
    [".gitmodules", "gitmodulesSymlink", "120000"],
  ])("a tree with %s is refused", async (name, fault, mode) => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const sha = makeCommit(repository, name, mode);
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const pushed = await runRemoteGit(repository.path, ["push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(pushed.exitCode).not.toBe(0);
    expect(pushed.stderr).toContain(fault);
    expect((await server.request(`/api/v1/repositories/app/commits/${sha}`)).status).toBe(404);
  });

  it("harmless faults of old histories are not", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const tree = repository.git("rev-parse", "HEAD^{tree}");
    const text = `tree ${tree}\nauthor A <a@b> 1 +0000000\ncommitter A <a@b> 1 +0000000\n\nold\n`;
    const write = ["hash-object", "-t", "commit", "--literally", "-w", "--stdin"];
    const sha = runTestGit(repository.path, write, text).toString("utf8").trim();
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const pushed = await runRemoteGit(repository.path, ["push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(pushed).toMatchObject({ exitCode: 0 });
  });
});

it("shows and gives the results of tasks, and nothing else by name", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  const base = await pushBase(server, repository);
  const { id, commit } = await waitForEnd(server, (await submitTask(server, base)).id);
  const directory = join(server.dataDirectory, "repositories", "alice", "app.git");
  runTestGit(directory, ["update-ref", "refs/heads/secret", base]);
  runTestGit(directory, ["update-ref", "refs/agent-worker/kept", base]);
  runTestGit(directory, ["symbolic-ref", "HEAD", "refs/heads/secret"]);
  const remote = `${server.url}/api/v1/repositories/app.git`;
  for (const version of ["0", "1", "2"]) {
    const listed = await runRemoteGit(repository.path, ["-c", `protocol.version=${version}`, "ls-remote", remote]);
    const refs = listed.stdout.split("\n").filter((line) => line !== "");
    expect(refs).toEqual([`${commit}\trefs/tasks/${id}`]);
    for (const ref of ["refs/heads/secret", "refs/agent-worker/kept", `refs/inbox/${base}`]) {
      const fetched = await runRemoteGit(repository.path, ["-c", `protocol.version=${version}`, "fetch", remote, ref]);
      expect([ref, fetched.exitCode]).toEqual([ref, 128]);
    }
  }
});

it("takes no word of a client's for a path, a program or a setting", async () => {
  await using server = await startTestServer();
  using repository = makeRepository();
  await pushBase(server, repository);
  const git = "/api/v1/repositories/app.git";
  for (const path of [
    `${git}/HEAD`,
    `${git}/config`,
    `${git}/objects/info/packs`,
    `${git}/info/refs`,
    `${git}/git-upload-archive`,
  ]) {
    expect([path, (await server.request(path)).status]).toEqual([path, expect.toBeOneOf([400, 404])]);
  }
  const hostile = {
    "Git-Protocol": "version=2:object-format=x",
    "X-Git-Dir": "/etc",
    Proxy: "http://evil.example",
    "Content-Encoding": "identity",
  };
  const answer = await server.request(`${git}/info/refs?service=git-upload-pack&GIT_DIR=/etc`, { headers: hostile });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain("# service=git-upload-pack");
});

it("runs no hook, even where one has come into a repository", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  await pushBase(server, repository);
  const directory = join(server.dataDirectory, "repositories", "alice", "app.git");
  const canary = join(server.dataDirectory, "canary");
  mkdirSync(join(directory, "hooks"), { recursive: true });
  for (const name of [
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "proc-receive",
  ]) {
    writeFileSync(join(directory, "hooks", name), `#!/bin/sh\necho ${name} >> '${canary}'\n`);
    chmodSync(join(directory, "hooks", name), 0o755);
  }
  repository.commit({ "more.txt": "more" });
  await pushBase(server, repository);
  expect(readdirSync(server.dataDirectory)).not.toContain("canary");
});

it("reads what git has packed to ask for", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  await pushBase(server, repository);
  const command = "0014command=ls-refs\n00010000";
  const answer = await server.request("/api/v1/repositories/app.git/git-upload-pack", {
    method: "POST",
    headers: {
      "Content-Type": "application/x-git-upload-pack-request",
      "Content-Encoding": "gzip",
      "Git-Protocol": "version=2",
    },
    body: gzipSync(command),
  });
  expect([answer.status, await answer.text()]).toEqual([200, "0000"]);
  const broken = await server.request("/api/v1/repositories/app.git/git-upload-pack", {
    method: "POST",
    headers: { "Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip" },
    body: "no gzip",
  });
  expect(broken.status).toBe(400);
});

it("takes no push that is larger than it may be, announced or not", async () => {
  using repository = makeRepository({ "a.bin": randomBytes(3_000_000) });
  await using server = await startTestServer({ limits: { pushBytes: 1_000_000 } });
  const sha = repository.git("rev-parse", "HEAD");
  const remote = `${server.url}/api/v1/repositories/app.git`;
  for (const buffer of ["http.postBuffer=10000000", "http.postBuffer=65536"]) {
    const pushed = await runRemoteGit(repository.path, ["-c", buffer, "push", remote, `${sha}:refs/inbox/${sha}`]);
    expect(pushed.exitCode).not.toBe(0);
    expect(pushed.stderr).toMatch(/HTTP 413|exceeds maximum allowed size/);
  }
  expect((await server.request(`/api/v1/repositories/app/commits/${sha}`)).status).toBe(404);
});

it("reads no more of a packed request than it may", async () => {
  using repository = makeRepository();
  await using server = await startTestServer({ limits: { fetchRequestBytes: 100_000 } });
  const sha = await pushBase(server, repository);
  const lines = [`0032want ${sha}\n`, `0032have ${"b".repeat(40)}\n`.repeat(40_000)];
  const body = gzipSync(`0011command=fetch0001${lines.join("")}0000`);
  expect(body.length).toBeLessThan(100_000);
  const answer = await server.request("/api/v1/repositories/app.git/git-upload-pack", {
    method: "POST",
    headers: {
      "Content-Type": "application/x-git-upload-pack-request",
      "Content-Encoding": "gzip",
      "Git-Protocol": "version=2",
    },
    body,
  });
  expect(answer.status).toBe(413);
});

it("ends git when the client goes away in the middle of a fetch", async () => {
  using repository = makeRepository({ "a.bin": randomBytes(30_000_000) });
  await using server = await startTestServer();
  await pushBase(server, repository);
  const directory = join(server.dataDirectory, "repositories", "alice", "app.git");
  const sha = repository.git("rev-parse", "HEAD");
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const want = `want ${sha} side-band-64k\n`;
  runTestGit(directory, ["update-ref", "refs/tasks/01M7XQEKPMMNEQZ2HHF3DSZ5S4", sha]);
  const body = `${(want.length + 4).toString(16).padStart(4, "0")}${want}00000009done\n`;
  const head = [
    "POST /api/v1/repositories/app.git/git-upload-pack HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${testKeys.alice}`,
    "Content-Type: application/x-git-upload-pack-request",
    `Content-Length: ${body.length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  await once(socket, "readable");
  // Nothing is read: the answer is held up half way.
  expect(listGit()).not.toEqual([]);
  socket.destroy();
  await expect.poll(listGit, { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => server.log.join("")).toContain('"cut":true');
  // Somebody's own affair, and no failure of the server.
  expect(server.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

it("ends git when the client goes away in the middle of a push", async () => {
  await using server = await startTestServer();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const sha = "b".repeat(40);
  const command = `${"0".repeat(40)} ${sha} refs/inbox/${sha}\0 report-status`;
  const line = (command.length + 4).toString(16).padStart(4, "0") + command;
  const head = [
    "POST /api/v1/repositories/app.git/git-receive-pack HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${testKeys.alice}`,
    "Content-Type: application/x-git-receive-pack-request",
    "Content-Length: 1000000",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${line}0000PACK`);
  await expect.poll(listGit, { timeout: 10_000 }).not.toEqual([]);
  socket.destroy();
  await expect.poll(listGit, { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => server.log.join("")).toContain('"cut":true');
  // Somebody's own affair, and no failure of the server.
  expect(server.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

it("serves as many clients of git at once as it may, and tells the rest to come back", async () => {
  await using server = await startTestServer({ limits: { gitProcesses: 0 } });
  const answer = await server.request("/api/v1/repositories/app.git/info/refs?service=git-receive-pack");
  expect([answer.status, answer.headers.get("Retry-After")]).toEqual([429, "1"]);
});
