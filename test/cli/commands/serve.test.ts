import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposableSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { makeDirectory, makeRepository } from "../../support/repository.ts";
import { runRemoteGit } from "../../support/remote-git.ts";

const main = new URL("../../../src/main.ts", import.meta.url).pathname;
const key = "alice-key-0123456789";
const line = /^agent-worker server listening on (http:\/\/127\.0\.0\.1:\d+)\n$/;

type Environment = Readonly<Record<string, string>>;

/** The program, as a user starts it; `listening` gives its address, or null where it ended before. */
function serve(home: string, argv: readonly string[], environment: Environment = { ANTHROPIC_API_KEY: "canary" }) {
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home, AGENT_WORKER_PORT: "0", ...environment };
  const child = spawn(process.execPath, [main, "serve", ...argv], { cwd: home, env });
  const ended = Promise.all([once(child, "close"), text(child.stderr)]);
  const output = { stdout: "" };
  const { promise: listening, resolve } = Promise.withResolvers<string | null>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output.stdout += chunk;
    if (chunk.endsWith("\n")) resolve(line.exec(output.stdout)?.[1] ?? null);
  });
  child.once("close", () => resolve(null));
  return {
    child,
    listening,
    ended: ended.then(([[exitCode], stderr]) => ({ exitCode: Number(exitCode), stderr, stdout: output.stdout })),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function ask(url: string | null, path: string, body?: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  return fetch(`${url}${path}`, body === undefined ? { headers } : { method: "POST", headers, body });
}

interface Wrong {
  readonly argv?: readonly string[];
  readonly environment?: Environment;
}

describe("serve", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("says where it listens, and ends well on %s", async (signal) => {
    using home = makeDirectory();
    await using server = serve(home.path, []);
    const url = await server.listening;
    const health = await ask(url, "/health");
    expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ queue: expect.anything() })]);
    expect((await ask(url, "/")).headers.get("Content-Type")).toContain("text/html");
    server.child.kill(signal);
    const { exitCode, stdout, stderr } = await server.ended;
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(line)]);
    const logged = stderr
      .trimEnd()
      .split("\n")
      .map((one) => JSON.parse(one));
    expect(logged.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(["listening", "request", "draining", "drained"]),
    );
    expect(stderr).not.toContain("canary");
    const state = join(home.path, ".local/state/agent-worker/server");
    expect(readdirSync(state)).toContain("tasks.sqlite");
  });

  it("is quiet where it is told to be", async () => {
    using home = makeDirectory();
    await using server = serve(home.path, ["--quiet", "--data-dir", "data"]);
    expect((await ask(await server.listening, "/healthz")).status).toBe(200);
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readdirSync(join(home.path, "data"))).toContain("tasks.sqlite");
  });

  it("reads its keys anew on SIGHUP, and shows none of them", async () => {
    using home = makeDirectory();
    writeFileSync(join(home.path, "keys"), `alice:${key}\n`, { mode: 0o600 });
    await using server = serve(home.path, ["--keys-file", "keys"]);
    const url = await server.listening;
    expect((await ask(url, "/api/v1/tasks")).status).toBe(200);
    writeFileSync(join(home.path, "keys"), "alice:another-key-0123456789\n");
    server.child.kill("SIGHUP");
    await expect.poll(async () => (await ask(url, "/api/v1/tasks")).status, { timeout: 10_000 }).toBe(401);
    const argv = readFileSync(`/proc/${server.child.pid}/cmdline`, "latin1");
    server.child.kill("SIGTERM");
    const { exitCode, stderr, stdout } = await server.ended;
    expect(exitCode).toBe(0);
    for (const shown of [argv, stderr, stdout]) expect(shown).not.toMatch(/-key-0123456789/);
  });

  it.each([
    ["CREDENTIAL_MISSING", { environment: {} }],
    ["SERVER_KEYS_NEEDED", { argv: ["--host", "0.0.0.0"] }],
    ["KEYS_INVALID", { argv: ["--keys-file", "none"] }],
    ["KEYS_INVALID", { environment: { ANTHROPIC_API_KEY: "x", AGENT_WORKER_SERVER_KEYS: `Alice:${key}` } }],
    ["CONFIG_INVALID", { argv: ["--port", "65536"] }],
    ["AGENT_UNKNOWN", { environment: { ANTHROPIC_API_KEY: "x", AGENT_WORKER_AGENT: "x" } }],
  ])("does not listen where that is %s", async (code, { argv = [], environment }: Wrong) => {
    using home = makeDirectory();
    await using server = serve(home.path, argv, environment);
    const ended = await server.ended;
    expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ended.stderr).toContain(code);
    expect(ended.stderr).not.toContain(key);
  });

  it("leaves a port and a data directory to whoever has them", async () => {
    using home = makeDirectory();
    await using first = serve(home.path, []);
    const { port } = new URL((await first.listening) ?? "");
    await using second = serve(home.path, []);
    expect(await second.ended).toMatchObject({
      exitCode: 4,
      stdout: "",
      stderr: expect.stringContaining("STORE_LOCKED"),
    });
    await using third = serve(home.path, ["--port", port, "--data-dir", "other"]);
    expect(await third.ended).toMatchObject({
      exitCode: 4,
      stdout: "",
      stderr: expect.stringContaining("LISTEN_FAILED"),
    });
    expect((await ask(await first.listening, "/healthz")).status).toBe(200);
  });

  it("waits for what runs after a signal, and for nothing after a second one", async () => {
    using home = makeDirectory();
    using sockets = mkdtempDisposableSync(join(tmpdir(), "aw-"));
    using repository = makeRepository();
    // An engine that takes requests and never answers keeps a task going.
    const socket = join(sockets.path, "engine.sock");
    let asked = false;
    const engine = createServer((connection) =>
      connection.on("data", () => (asked = true)).on("error", () => undefined),
    );
    await new Promise<void>((resolve) => engine.listen(socket, resolve));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => void engine.close());
    const environment = {
      ANTHROPIC_API_KEY: "x",
      DOCKER_HOST: `unix://${socket}`,
      AGENT_WORKER_SERVER_KEYS: `alice:${key}`,
    };
    await using server = serve(home.path, ["--drain-timeout", "1h"], environment);
    const url = await server.listening;
    const base = repository.git("rev-parse", "HEAD");
    const remote = `${url}/api/v1/repositories/app.git`;
    const pushed = await runRemoteGit(repository.path, ["push", remote, `${base}:refs/inbox/${base}`], { key });
    expect(pushed).toMatchObject({ exitCode: 0 });
    const body = JSON.stringify({ task: "x", repository: { key: "app", base } });
    expect((await ask(url, "/api/v1/tasks", body)).status).toBe(201);
    await expect.poll(() => asked, { timeout: 30_000 }).toBe(true);
    server.child.kill("SIGTERM");
    await expect.poll(async () => (await ask(url, "/readyz")).status, { timeout: 10_000 }).toBe(503);
    expect((await ask(url, "/api/v1/tasks", body)).status).toBe(503);
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ exitCode: 143 });
  });
});
