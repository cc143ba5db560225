import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempDisposableSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { chooseEngine, findEngine, listCandidates } from "../../src/container/find-engine.ts";
import type { EngineCandidate } from "../../src/container/find-engine.ts";
import { emptySettings, never } from "../support/engine.ts";

const temporary = () => mkdtempDisposableSync(join(tmpdir(), "agent-worker-test-"));
const unix = (path: string, source = "Docker"): EngineCandidate => ({ source, address: { kind: "unix", path } });

async function listen(path: string): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

/** A socket whose server died without removing it. */
function leaveStaleSocket(path: string): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
}

function writeContext(configDirectory: string, name: string, host: unknown): void {
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(configDirectory, "contexts/meta", id, "meta.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }));
}

describe("listing candidates", () => {
  it("knows only DOCKER_HOST where it is set", async () => {
    const candidates = listCandidates({ ...emptySettings, host: "unix:///tmp/mine.sock", context: "other" });
    expect(candidates).toEqual([unix("/tmp/mine.sock", "DOCKER_HOST")]);
  });

  it.each([
    ["tcp://engine.example.org", { host: "engine.example.org", port: 2375 }],
    ["tcp://engine.example.org:80", { host: "engine.example.org", port: 80 }],
    ["10.1.2.3:4000", { host: "10.1.2.3", port: 4000 }],
    ["tcp://[::1]:4000", { host: "::1", port: 4000 }],
  ])("reads DOCKER_HOST %s", async (host, address) => {
    const [candidate] = listCandidates({ ...emptySettings, host });
    expect(candidate?.address).toEqual({ kind: "tcp", tls: undefined, ...address });
  });

  it("uses TLS on its own port with DOCKER_TLS_VERIFY, with certificates from DOCKER_CERT_PATH or the configuration", async () => {
    const secure = { ...emptySettings, host: "tcp://engine.example.org", tlsVerify: true };
    const [byDefault] = listCandidates(secure);
    expect(byDefault?.address).toMatchObject({ port: 2376, tls: { directory: emptySettings.configDirectory } });
    const [named] = listCandidates({ ...secure, certPath: "/certificates" });
    expect(named?.address).toMatchObject({ port: 2376, tls: { directory: "/certificates" } });
  });

  it.each([
    ["ssh://me@engine.example.org", /ssh/],
    ["npipe:////./pipe/docker_engine", /named pipes/],
    ["gopher://engine", /gopher/],
    ["tcp://", /not an address/],
  ])("refuses DOCKER_HOST %s with a reason and what to do", async (host, reason) => {
    const error = {
      code: "ENGINE_UNAVAILABLE",
      message: expect.stringMatching(reason),
      hint: expect.stringContaining("DOCKER_HOST"),
    };
    expect(() => listCandidates({ ...emptySettings, host })).toThrow(expect.objectContaining(error));
  });

  it("follows the context that `docker context use` selected", async () => {
    using directory = temporary();
    writeFileSync(join(directory.path, "config.json"), JSON.stringify({ auths: {}, currentContext: "colima" }));
    writeContext(directory.path, "colima", "unix:///tmp/colima.sock");
    const candidates = listCandidates({ ...emptySettings, configDirectory: directory.path });
    expect(candidates).toEqual([unix("/tmp/colima.sock", "context colima")]);
  });

  it("takes DOCKER_CONTEXT before the selected context, and its certificates with it", async () => {
    using directory = temporary();
    writeFileSync(join(directory.path, "config.json"), JSON.stringify({ currentContext: "colima" }));
    writeContext(directory.path, "far", "tcp://engine.example.org:2376");
    const id = createHash("sha256").update("far").digest("hex");
    const tls = join(directory.path, "contexts/tls", id, "docker");
    mkdirSync(tls, { recursive: true });
    const settings = { ...emptySettings, configDirectory: directory.path, context: "far" };
    expect(listCandidates(settings)).toEqual([
      {
        source: "context far",
        address: { kind: "tcp", host: "engine.example.org", port: 2376, tls: { directory: tls } },
      },
    ]);
  });

  it("says that a named context does not exist, instead of using another engine", async () => {
    const error = { code: "ENGINE_UNAVAILABLE", message: expect.stringMatching(/"gone" does not exist/) };
    expect(() => listCandidates({ ...emptySettings, context: "gone" })).toThrow(expect.objectContaining(error));
  });

  it.each(["", 7, null])("says that a damaged context names no engine: %j", async (host) => {
    using directory = temporary();
    writeContext(directory.path, "empty", host);
    const settings = { ...emptySettings, configDirectory: directory.path, context: "empty" };
    const error = { code: "ENGINE_UNAVAILABLE", message: expect.stringMatching(/names no engine/) };
    expect(() => listCandidates(settings)).toThrow(expect.objectContaining(error));
  });

  it("looks at the usual places in order where nothing is named, a damaged config.json or the context default aside", async () => {
    using directory = temporary();
    writeFileSync(join(directory.path, "config.json"), "{ not json");
    const settings = { ...emptySettings, configDirectory: directory.path, context: "default", home: "/home/ann" };
    const candidates = listCandidates({ ...settings, runtimeDirectory: directory.path });
    expect(candidates.map(({ address }) => (address.kind === "unix" ? address.path : ""))).toEqual([
      "/var/run/docker.sock",
      join(directory.path, "docker.sock"),
      "/home/ann/.docker/run/docker.sock",
      "/home/ann/.docker/desktop/docker.sock",
      "/home/ann/.colima/default/docker.sock",
      join(directory.path, "podman/podman.sock"),
      "/run/podman/podman.sock",
    ]);
  });

  it("does not look for sockets where anybody could have put them", async () => {
    using directory = temporary();
    chmodSync(directory.path, 0o777);
    const candidates = listCandidates({ ...emptySettings, runtimeDirectory: directory.path });
    expect(JSON.stringify(candidates)).not.toContain(directory.path);
  });
});

describe("choosing an engine", () => {
  it("takes the first that accepts a connection and remembers why others were passed over", async () => {
    using directory = temporary();
    const [stale, absent, good] = [
      join(directory.path, "stale.sock"),
      join(directory.path, "absent.sock"),
      join(directory.path, "good.sock"),
    ];
    leaveStaleSocket(stale);
    await using server = await listen(good);
    expect(server.listening).toBe(true);
    const found = await chooseEngine([unix(stale), unix(absent), unix(good, "Podman"), unix("/later")], never);
    expect(found).toMatchObject({ source: "Podman", address: { path: good } });
    expect(found.refused.map(({ endpoint, reason }) => [endpoint, reason])).toEqual([
      [`unix://${stale}`, "connection refused: no engine is listening"],
      [`unix://${absent}`, "no such file"],
    ]);
  });

  it("names every candidate, the reason and the command to run where none accepts", async () => {
    using directory = temporary();
    const stale = join(directory.path, "stale.sock");
    leaveStaleSocket(stale);
    const choosing = chooseEngine([unix("/nonexistent.sock"), unix(stale, "rootless Podman")], never);
    await expect(choosing).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      message: `No container engine answers. Tried:\n  Docker unix:///nonexistent.sock: no such file\n  rootless Podman unix://${stale}: connection refused: no engine is listening`,
      hint: "Run: systemctl --user start podman.socket",
    });
  });

  it("tells who may not open the socket how to join its group", async () => {
    using directory = temporary();
    const path = join(directory.path, "engine.sock");
    await using server = await listen(path);
    expect(server.listening).toBe(true);
    chmodSync(path, 0);
    await expect(asUnprivileged(() => chooseEngine([unix(path)], never))).rejects.toMatchObject({
      message: expect.stringContaining("permission denied"),
      hint: expect.stringContaining("usermod -aG docker"),
    });
  });

  it("tries nothing but the engine that DOCKER_HOST names", async () => {
    const finding = findEngine({ ...emptySettings, host: "unix:///nonexistent/engine.sock" }, never);
    await expect(finding).rejects.toMatchObject({
      message: "No container engine answers. Tried:\n  DOCKER_HOST unix:///nonexistent/engine.sock: no such file",
      hint: expect.stringContaining("unset DOCKER_HOST"),
    });
  });

  it("stops when it is cancelled", async () => {
    using directory = temporary();
    const path = join(directory.path, "engine.sock");
    await using server = await listen(path);
    expect(server.listening).toBe(true);
    await expect(chooseEngine([unix(path)], AbortSignal.abort("SIGINT"))).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

/** Root may open any socket: it steps down to nobody meanwhile. */
async function asUnprivileged<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
