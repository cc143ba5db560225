import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";
import { untilStopped } from "../support/stopping-agent.ts";
import { pushBase, submitTask, waitForEnd, waitForState } from "../support/submit.ts";
import { startTestServer } from "../support/task-server.ts";
import type { TestServer } from "../support/task-server.ts";

const hour = 3_600_000;

async function isGone(server: TestServer, id: string): Promise<boolean> {
  return (await server.request(`/api/v1/tasks/${id}`)).status === 404;
}

function listRefs({ dataDirectory }: TestServer, key = "app"): string {
  return runTestGit(join(dataDirectory, "repositories/alice", `${key}.git`), ["for-each-ref", "--format=%(refname)"])
    .toString("utf8")
    .trim();
}

const listRuns = ({ dataDirectory }: TestServer): readonly string[] => readdirSync(join(dataDirectory, "runs"));

async function saveSession({ store, dataDirectory }: TestServer, taskId: string): Promise<string> {
  const file = join(dataDirectory, "sessions/alice/s-1.jsonl");
  mkdirSync(join(dataDirectory, "sessions/alice"), { recursive: true });
  writeFileSync(file, "{}\n");
  const now = new Date().toISOString();
  const names = { id: "s-1", owner: "alice", agent: "claude", repository: "app", title: "Add a file" };
  await store.saveSession({ ...names, taskId, file, sizeBytes: 3, createdAt: now, updatedAt: now });
  return file;
}

describe("a server that starts", () => {
  it("removes tasks that ended long ago with all that is kept of them, and conversations; what runs stays", async () => {
    using repository = makeRepository();
    using directory = makeDirectory("agent-worker-server-");
    const dataDirectory = directory.path;
    await using first = await startTestServer({ dataDirectory, settings: { keepMs: hour } });
    const base = await pushBase(first, repository);
    const { id } = await submitTask(first, base);
    await waitForEnd(first, id);
    const file = await saveSession(first, id);
    await first[Symbol.asyncDispose]();

    await using careful = await startTestServer({ dataDirectory, settings: { keepMs: hour }, act: untilStopped });
    const running = await submitTask(careful, base);
    await waitForState(careful, running.id, "running");
    expect(await isGone(careful, id)).toBe(false);
    expect(listRefs(careful)).toContain(`refs/tasks/${id}`);
    expect(existsSync(file)).toBe(true);
    await careful[Symbol.asyncDispose]();

    await using next = await startTestServer({ dataDirectory, settings: { keepMs: 1 }, act: untilStopped });
    await waitForState(next, running.id, "running");
    await expect.poll(() => isGone(next, id), { timeout: 10_000 }).toBe(true);
    expect(listRefs(next)).not.toContain(id);
    await expect.poll(() => existsSync(file)).toBe(false);
    expect((await next.request("/api/v1/sessions/s-1")).status).toBe(404);
    expect(await isGone(next, running.id)).toBe(false);
    // One for each attempt of the task that runs.
    expect(listRuns(next)).toHaveLength(2);
    expect((await next.request(`/api/v1/repositories/app/commits/${base}`, { method: "HEAD" })).status).toBe(200);
  });

  it("removes what it can, and keeps what it cannot for the next time", async () => {
    using repository = makeRepository();
    using directory = makeDirectory("agent-worker-server-");
    const dataDirectory = directory.path;
    await using first = await startTestServer({ dataDirectory, settings: { keepMs: hour } });
    const stuck = await submitTask(first, await pushBase(first, repository, "broken"), {
      repository: { key: "broken", base: repository.git("rev-parse", "HEAD") },
    });
    await waitForEnd(first, stuck.id);
    const { id } = await submitTask(first, await pushBase(first, repository));
    await waitForEnd(first, id);
    await first[Symbol.asyncDispose]();

    const broken = join(dataDirectory, "repositories/alice/broken.git");
    rmSync(broken, { recursive: true });
    writeFileSync(broken, "no directory");
    await using next = await startTestServer({ dataDirectory, settings: { keepMs: 1 } });
    await expect.poll(() => isGone(next, id), { timeout: 10_000 }).toBe(true);
    expect(await isGone(next, stuck.id)).toBe(false);
    expect(next.log.join("")).toContain("a step of maintenance failed");
    await next[Symbol.asyncDispose]();

    rmSync(broken);
    await using last = await startTestServer({ dataDirectory, settings: { keepMs: 1 } });
    await expect.poll(() => isGone(last, stuck.id), { timeout: 10_000 }).toBe(true);
  });
});
