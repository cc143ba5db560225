import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { claudeReading } from "../../../src/agents/claude/claude-reading.ts";
import { startClock } from "../../../src/agents/contained/clock.ts";
import { createDeadline } from "../../../src/agents/contained/deadline.ts";
import { followSession } from "../../../src/agents/contained/follow-session.ts";
import type { AgentEnding } from "../../../src/agents/contained/agent-cli.ts";
import type { Session } from "../../../src/agents/contained/session.ts";
import { openControl } from "../../../src/container/control.ts";
import { openRepository } from "../../../src/git/repository.ts";
import { createTail } from "../../../src/util/tail.ts";
import { gitSettings, makeDirectory, makeRepository } from "../../support/repository.ts";

const never = new AbortController().signal;
const ready = { type: "ready", selfTest: { modelEndpoint: true, reachable: [] } };
const exited = { type: "exited", code: 0, signal: null, error: null, outOfMemoryKills: 0 };

/** A session whose container is played by the test: `say` speaks on its control channel, as an agent could that took it over. */
async function openSession(say: (socket: Socket, base: string) => void, { transferMs = 300, endMs = 1e6 } = {}) {
  const repository = makeRepository({ "a.txt": "a\n" });
  const runtime = makeDirectory("aw-");
  const controlSocket = join(runtime.path, "c");
  const control = await openControl(controlSocket, never);
  const base = repository.git("rev-parse", "HEAD");
  const removed = Promise.withResolvers<void>();
  const seen = { removed: false, gatewayClosed: false };
  const peer = connect(controlSocket);
  peer.on("error", () => undefined);
  peer.once("data", () => say(peer, base));
  const patience = { imageMs: 1e6, idleMs: 1e6, resultMs: 1e6, stopMs: 1e6, transferMs, endMs };
  const task = { runId: "R", prompt: Buffer.from("x"), title: "x", agent: "claude", model: undefined };
  const limits = { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 1e6 };
  const container = {
    id: "c",
    // Held open until the container is removed.
    output: ReadableStream.from(
      (async function* () {
        await removed.promise;
        yield* [];
      })(),
    ),
    kill: async () => undefined,
    restart: () => Promise.reject(new Error("no second start")),
    async [Symbol.asyncDispose]() {
      seen.removed = true;
      peer.destroy();
      removed.resolve();
    },
  };
  const deadline = createDeadline(() => void container[Symbol.asyncDispose]());
  const session = {
    attempt: {
      settings: { patience },
      task: { ...task, limits },
      context: {
        repository: await openRepository(repository.path, gitSettings, never),
        base,
        branch: "work",
        runtimeDirectory: runtime.path,
        scratchDirectory: runtime.path,
        logs: { agent: async () => undefined, stderr: async () => undefined, egress: () => undefined },
        redact: (text: string) => text,
        signal: never,
      },
      emit: async () => undefined,
    },
    progress: { clock: startClock(), reader: null, gateway: null, container: null, onActivity() {} },
    reader: claudeReading.openReader(),
    judge: (ending: AgentEnding) => claudeReading.judge(ending),
    container,
    deadline,
    control,
    runDirectory: runtime.path,
    order: {},
    command: { input: task.prompt },
    objects: { kind: "shared", mounts: [], count: 1, shallow: [] },
    imageId: "sha256:1",
    stderrTail: createTail(100),
    gateway: {
      usage: () => ({ inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }),
      failure: () => null,
      preload: () => undefined,
      async [Symbol.asyncDispose]() {
        seen.gatewayClosed = true;
      },
    },
  } as unknown as Session;
  return {
    session,
    seen,
    async [Symbol.asyncDispose]() {
      peer.destroy();
      deadline.clear();
      await control[Symbol.asyncDispose]();
      repository[Symbol.dispose]();
      runtime[Symbol.dispose]();
    },
  };
}

const write = (socket: Socket, ...messages: readonly object[]): void => {
  for (const message of messages) socket.write(`${JSON.stringify(message)}\n`);
};

it.each([
  ["a second start after the end", [ready, { type: "started" }, exited, { type: "started" }]],
  ["an end before the start", [ready, exited]],
  ["being ready twice", [ready, ready]],
])("refuses %s, which would turn the clock back", async (_, messages) => {
  await using opened = await openSession((socket) => write(socket, ...messages));
  await expect(followSession(opened.session)).rejects.toMatchObject({ code: "CONTAINER_LOST" });
});

it("removes a container that announces its work and then holds its output open", async () => {
  await using opened = await openSession(
    (socket, base) => write(socket, ready, { type: "started" }, exited, { type: "collected", head: base, notes: [] }),
    { transferMs: 1e6, endMs: 300 },
  );
  const { commit, drained } = await followSession(opened.session);
  expect(commit).toBeNull();
  await drained;
  expect(opened.seen).toEqual({ removed: true, gatewayClosed: true });
});

it("removes a container that never says what became of the work", async () => {
  await using opened = await openSession((socket) => write(socket, ready, { type: "started" }, exited));
  await expect(followSession(opened.session)).rejects.toThrow("no second start");
  expect(opened.seen).toEqual({ removed: true, gatewayClosed: true });
});
