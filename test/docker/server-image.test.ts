import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type Dockerode from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/container/engine.ts";
import { buildImageRequest } from "../../src/container/image-request.ts";
import { ensureImage } from "../../src/container/ensure-image.ts";
import { baseImage, never, openEngine } from "../support/engine.ts";
import { startScriptedModel } from "../support/model/server.ts";
import { makeRepository } from "../support/repository.ts";
import { readCompose, toContainerOptions } from "./compose.ts";

const root = new URL("../..", import.meta.url).pathname;
const key = "ops-key-0123456789";
const reference = `agent-worker-server:test-${process.pid}`;
const owner =
  process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const socket = "/var/run/docker.sock";

let engine: Engine;
let agentImage: string;

// On the agents' image, which has git and certificates: nothing is fetched.
beforeAll(async () => {
  engine = await openEngine();
  const { AGENT_WORKER_BUILD_NETWORK: buildNetwork, AGENT_WORKER_CA_BUNDLE: caBundle } = process.env;
  const request = buildImageRequest({ image: undefined, baseImage, buildNetwork, caBundle }, process.env);
  agentImage = (await ensureImage(engine, request, { signal: never, onProgress: () => undefined })).reference;
  await buildServerImage();
}, 600_000);
afterAll(async () => {
  await engine.docker.getImage(reference).remove({ force: true });
  await engine[Symbol.asyncDispose]();
});

/** From what users install: the files that `npm pack` takes. */
async function buildServerImage(): Promise<void> {
  const directory = mkdtempSync("/tmp/agent-worker-image-");
  try {
    const run = (command: string, ...args: string[]): Buffer =>
      execFileSync(command, args, { cwd: root, maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "pipe"] });
    const archive = run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", directory)
      .toString("utf8")
      .trim();
    run("tar", "-xzf", join(directory, archive), "-C", directory);
    const context = Readable.from([run("tar", "-C", join(directory, "package"), "-cf", "-", ".")]);
    const options = {
      t: reference,
      dockerfile: "docker/server/Dockerfile",
      networkmode: "none",
      buildargs: { BASE_IMAGE: agentImage },
    };
    const progress = await engine.docker.buildImage(context, options);
    for await (const line of createInterface({ input: Readable.from(progress) })) {
      const message: { error?: string } = JSON.parse(line);
      if (message.error !== undefined) throw new Error(message.error);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Running extends AsyncDisposable {
  readonly url: string;
  readonly home: string;
  readonly container: Dockerode.Container;
  request(path: string, body?: unknown): Promise<Response>;
}

/** The server as docker/compose.yaml has it, on the host's network, where the scripted model is. */
async function startServer(modelUrl: string): Promise<Running> {
  const home = realpathSync(mkdtempSync("/tmp/agent-worker-home-"));
  const keysFile = join(home, "keys");
  writeFileSync(keysFile, `ops:${key}\n`, { mode: 0o600 });
  for (const path of [home, keysFile]) chownSync(path, owner.uid, owner.gid);
  const port = await findFreePort();
  const compose = readCompose({
    AGENT_WORKER_UID: String(owner.uid),
    AGENT_WORKER_GID: String(owner.gid),
    DOCKER_GID: String(statSync(socket).gid),
    AGENT_WORKER_HOME: home,
    AGENT_WORKER_KEYS: keysFile,
    ANTHROPIC_API_KEY: "sk-ant-test-0123456789",
  });
  const { Env = [], HostConfig, ...options } = toContainerOptions(compose);
  const container = await engine.docker.createContainer({
    ...options,
    Image: reference,
    Env: [
      ...Env,
      `AGENT_WORKER_PORT=${port}`,
      "AGENT_WORKER_HOST=127.0.0.1",
      `ANTHROPIC_BASE_URL=${modelUrl}`,
      `AGENT_WORKER_IMAGE=${agentImage}`,
    ],
    HostConfig: { ...HostConfig, NetworkMode: "host" },
    // The image's own check, only sooner; nanoseconds.
    Healthcheck: { Interval: 500_000_000 },
  });
  await container.start();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    home,
    container,
    request: (path, body) =>
      fetch(url + path, {
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      await container.remove({ force: true, v: true });
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

describe("the server's image, as docker/compose.yaml runs it", () => {
  it("gets healthy, carries a task out in a container of the host's engine, and stops when it is told to", async () => {
    await using model = await startScriptedModel(join(root, "test/support/model/scenarios/edit-and-commit.json"));
    await using server = await startServer(model.url);
    const readHealth = async (): Promise<string | undefined> => (await server.container.inspect()).State.Health?.Status;
    await expect.poll(readHealth, { timeout: 30_000, interval: 250 }).toBe("healthy");

    expect((await server.request("/")).headers.get("content-type")).toBe("text/html; charset=utf-8");
    using repository = makeRepository({ "greet.js": "export const greet = 1;\n" });
    const base = repository.git("rev-parse", "HEAD");
    const remote = `${server.url}/api/v1/repositories/demo.git`;
    const push = [
      "-c",
      `http.extraHeader=Authorization: Bearer ${key}`,
      "push",
      "-q",
      remote,
      `HEAD:refs/inbox/${base}`,
    ];
    execFileSync("git", push, { cwd: repository.path, stdio: ["ignore", "pipe", "pipe"] });
    const created = await server.request("/api/v1/tasks", {
      task: "Greet the world",
      repository: { key: "demo", base },
    });
    const { id } = (await created.json()) as { id: string };
    const readState = async (): Promise<unknown> => {
      const { state, reason } = (await (await server.request(`/api/v1/tasks/${id}`)).json()) as {
        state: string;
        reason: unknown;
      };
      return { state, reason };
    };
    await expect.poll(readState, { timeout: 40_000, interval: 250 }).toEqual({ state: "succeeded", reason: null });
    expect(readdirSync(join(server.home, "run"))).toEqual([]);

    await server.container.stop({ t: 20 });
    expect((await server.container.inspect()).State).toMatchObject({ ExitCode: 0, OOMKilled: false });
  }, 120_000);

  it("says what to do where it cannot write its directory", async () => {
    const [{ StatusCode: status }, said] = await runOnce({ User: "4242:4242" });
    expect(status).toBe(4);
    expect(said).toContain("user 4242 cannot write /var/lib/agent-worker");
  });

  it("belongs to root and runs as somebody else", async () => {
    const image = await engine.docker.getImage(reference).inspect();
    expect(image.Config).toMatchObject({ User: "1000:1000", StopSignal: "SIGTERM" });
    const [, said] = await runOnce({
      Entrypoint: [
        "sh",
        "-c",
        "find /usr/local/lib/agent-worker ! -user root -o -perm /022 ! -type l | head; id -u; git --version",
      ],
    });
    expect(said.trim()).toMatch(/^1000\s+git version \S+$/);
  });
});

async function runOnce(options: Dockerode.ContainerCreateOptions): Promise<[{ StatusCode: number }, string]> {
  const container = await engine.docker.createContainer({
    Image: reference,
    Tty: true,
    ...options,
    HostConfig: { NetworkMode: "none" },
  });
  try {
    await container.start();
    const status: { StatusCode: number } = await container.wait();
    return [status, (await container.logs({ stdout: true, stderr: true })).toString("utf8")];
  } finally {
    await container.remove({ force: true, v: true });
  }
}
