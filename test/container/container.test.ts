import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContainer, removeLabelledContainers } from "../../src/container/container.ts";
import type { Container } from "../../src/container/container.ts";
import type { ContainerSpec } from "../../src/container/container-profile.ts";
import type { OutputChunk } from "../../src/container/demux-output.ts";
import type { Engine } from "../../src/container/engine.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { baseImage, never, openEngine, openScriptedEngine, waitForExit } from "../support/engine.ts";

const run = `test-${createUlid()}`;
const label = `agent-worker-test=${run}`;

function buildSpec(script: string): ContainerSpec {
  return {
    image: baseImage,
    command: ["sh", "-c", script],
    environment: {},
    labels: { "agent-worker-test": run },
    mounts: [],
    relabel: false,
    user: { uid: 1000, gid: 1000 },
    limits: { cpus: 1, memoryBytes: 256 * 1024 * 1024, pids: 64 },
  };
}

async function readAll(output: AsyncIterable<OutputChunk>): Promise<Record<string, string>> {
  const read: Record<string, string> = { stdout: "", stderr: "" };
  for await (const { stream, bytes } of output) read[stream] += Buffer.from(bytes).toString();
  return read;
}

describe("a container of the real engine", () => {
  let engine: Engine;
  beforeAll(async () => (engine = await openEngine()));
  afterAll(() => engine[Symbol.asyncDispose]());
  const startSpec = async (spec: ContainerSpec, signal = never): Promise<Container> => {
    await using stack = new AsyncDisposableStack();
    const container = stack.use(await createContainer(engine, spec, signal));
    await container.start();
    stack.move();
    return container;
  };
  const start = (script: string, signal = never): Promise<Container> => startSpec(buildSpec(script), signal);
  const list = () => engine.docker.listContainers({ all: true, filters: { label: [label] } });

  it("gives all of its output, from the first byte to the last, and its exit code", async () => {
    await using container = await start("printf first; seq 1 20000; echo problem >&2; exit 7");
    const { stdout = "", stderr } = await readAll(container.output);
    expect(stdout.startsWith("first1\n2\n")).toBe(true);
    expect(stdout.endsWith("\n20000\n")).toBe(true);
    expect(stderr).toBe("problem\n");
    expect(await waitForExit(engine, container.id)).toEqual({ exitCode: 7, outOfMemory: false });
  });

  it.each([false, true])("reads what is mounted and cannot write it (relabelled: %s)", async (relabel) => {
    const mounts = [{ source: "/etc/hostname", target: "/opt/name" }];
    const spec = { ...buildSpec("cat /opt/name && ! echo x > /opt/name"), user: { uid: 0, gid: 0 }, mounts, relabel };
    await using container = await startSpec(spec);
    const { stdout, stderr } = await readAll(container.output);
    expect(stdout).not.toBe("");
    expect(stderr).toMatch(/read-only/i);
    expect(await waitForExit(engine, container.id)).toMatchObject({ exitCode: 0 });
  });

  it("can be started once more, with its volume as it was and nothing else", async () => {
    const script = "cat /workspace/a; echo kept >> /workspace/a; ls /tmp; touch /tmp/b";
    // The image of the tests has no work tree for another user.
    const spec = { ...buildSpec(script), user: { uid: 0, gid: 0 } };
    await using container = await startSpec(spec);
    await readAll(container.output);
    expect(await readAll(await container.restart())).toMatchObject({ stdout: "kept\n" });
  });

  it("is removed with its volume when it is disposed, though it runs, and twice does no harm", async () => {
    const container = await start("sleep 1000");
    const { Mounts: mounts } = await engine.docker.getContainer(container.id).inspect();
    const volume = mounts.find(({ Type }) => Type === "volume")?.Name ?? "";
    const output = readAll(container.output);
    await Promise.all([container[Symbol.asyncDispose](), container[Symbol.asyncDispose]()]);
    expect(await output).toEqual({ stdout: "", stderr: "" });
    expect(await list()).toEqual([]);
    await expect(engine.docker.getVolume(volume).inspect()).rejects.toThrow(/no such volume/i);
  });

  it("is not left behind when the start was aborted meanwhile", async () => {
    const abort = new AbortController();
    const starting = start("sleep 1000", abort.signal);
    abort.abort(new Error("cancelled"));
    await expect(starting).rejects.toThrow("cancelled");
    expect(await list()).toEqual([]);
  });

  it("is not left behind when it cannot be started", async () => {
    const spec = { ...buildSpec("true"), mounts: [{ source: "/etc/hostname", target: "/proc/1/environ" }] };
    await expect(startSpec(spec)).rejects.toMatchObject({ code: "CONTAINER_START" });
    expect(await list()).toEqual([]);
  });

  it("says which program is not there", async () => {
    await using container = await startSpec({ ...buildSpec(""), command: ["/no/such"] });
    expect((await readAll(container.output))["stderr"]).toContain("/no/such");
    expect(await waitForExit(engine, container.id)).toMatchObject({ exitCode: 127 });
  });

  it("of an image that is gone is IMAGE_NOT_FOUND", async () => {
    const spec = { ...buildSpec("true"), image: `sha256:${"0".repeat(64)}` };
    await expect(startSpec(spec)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
  });

  it("can be found and removed by its labels", async () => {
    await Promise.all([start("sleep 1000"), start("true")]);
    expect(await removeLabelledContainers(engine, [label, "agent-worker-test"])).toBe(2);
    expect(await removeLabelledContainers(engine, [label])).toBe(0);
    expect(await list()).toEqual([]);
  });
});

it("a container that somebody else removes at the same time is no error", async () => {
  await using scripted = await openScriptedEngine((request, response) => {
    const path = request.url ?? "";
    if (request.method === "DELETE") response.writeHead(409).end('{"message":"removal is already in progress"}');
    else if (path.includes("/json")) response.end(JSON.stringify([{ Id: "abc" }]));
    else response.end("{}");
  });
  expect(await removeLabelledContainers(scripted.engine, [label])).toBe(1);
});
