import { join } from "node:path";
import { expect, it } from "vitest";
import { createIncoming } from "../../../src/agents/contained/bring-in.ts";
import type { Session } from "../../../src/agents/contained/session.ts";
import type { Control } from "../../../src/container/control.ts";
import type { AgentEvent } from "../../../src/core/agent-event.ts";
import { openRepository } from "../../../src/git/repository.ts";
import { packCommits, streamBytes } from "../../support/agent-pack.ts";
import { listProcesses } from "../../support/list-processes.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "../../support/repository.ts";

const never = new AbortController().signal;

/** An import whose container has one commit to bring. */
async function openIncoming() {
  const stack = new DisposableStack();
  const source = stack.use(makeRepository({ "a.txt": "a\n" }));
  const scratch = stack.use(makeDirectory());
  const base = source.git("rev-parse", "HEAD");
  runTestGit(scratch.path, ["clone", "--quiet", `file://${source.path}`, "agent"]);
  const agent = attachRepository(join(scratch.path, "agent"));
  const head = agent.commit({ "b.txt": "b\n" });
  const repository = await openRepository(source.path, gitSettings, never);
  const events: AgentEvent[] = [];
  const attempt = {
    context: { repository, base, scratchDirectory: scratch.path, logs: {} },
    task: { runId: "RUN1" },
    settings: { patience: { transferMs: 10_000 } },
    emit: async (event: AgentEvent) => void events.push(event),
  };
  const control = { pack: () => streamBytes(packCommits(agent.path, head, base)) };
  const incoming = createIncoming({ attempt } as unknown as Session, control as unknown as Control, "quarantine");
  const places = [repository.gitDirectory, join(scratch.path, "quarantine")];
  return {
    source,
    incoming,
    collected: { type: "collected" as const, head, notes: [], conversationBytes: 0 },
    phases: () => events.map(({ type, data }) => (type === "progress" ? data.phase : type)),
    processes: () => places.flatMap(listProcesses),
    async [Symbol.asyncDispose]() {
      await incoming[Symbol.asyncDispose]();
      stack.dispose();
    },
  };
}

it("tells once that the work is collected, and then that it is imported", async () => {
  await using opened = await openIncoming();
  const { incoming, collected, source } = opened;
  for (const _ of [1, 2, 3]) incoming.begin();
  expect(opened.phases()).toEqual(["collect"]);
  expect(await incoming.bringIn(collected)).toBe(collected.head);
  expect(opened.phases()).toEqual(["collect", "import"]);
  expect(source.git("rev-parse", "refs/agent-worker/RUN1")).toBe(collected.head);
});

it("says nothing of collecting where the container ended without a result", async () => {
  await using opened = await openIncoming();
  await opened.incoming.bringIn(opened.collected);
  expect(opened.phases()).toEqual(["import"]);
});

it("leaves no process and no ref when the container has nothing to bring", async () => {
  await using opened = await openIncoming();
  const { incoming, source } = opened;
  incoming.begin();
  await expect.poll(opened.processes).toHaveLength(5);
  expect(await incoming.bringIn({ ...opened.collected, head: source.git("rev-parse", "HEAD") })).toBeNull();
  await incoming[Symbol.asyncDispose]();
  expect(opened.processes()).toEqual([]);
  expect(source.git("for-each-ref", "refs/agent-worker")).toBe("");
});
