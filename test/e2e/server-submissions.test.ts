import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { taskResourceSchema } from "../../src/protocol/task-resource.ts";
import { makeDirectory } from "../support/repository.ts";
import { startTestProgram } from "../support/server-process.ts";
import { longPatience, openClientWorld } from "../support/server-world.ts";
import { testKeys } from "../support/task-server.ts";

const program = { messages: 5, pauseMs: 0 };

async function listTasks(url: string): Promise<readonly unknown[]> {
  const answer = await fetch(`${url}/api/v1/tasks`, { headers: { Authorization: `Bearer ${testKeys.alice}` } });
  return z.object({ tasks: z.array(z.unknown()) }).parse(await answer.json()).tasks;
}

describe("a server that dies between the commit of a submission and its answer", () => {
  it("has one task: the client asks again with the same key, and gets it", async () => {
    using directory = makeDirectory("agent-worker-submit-");
    await using world = openClientWorld();
    const place = { ...program, dataDirectory: directory.path };
    await using first = await startTestProgram({ ...place, port: 0, diesAfterCreate: true });
    const running = world.run([first.url], { patience: longPatience });
    await new Promise((resolve) => first.child.once("close", resolve));
    expect(first.child.signalCode).toBe("SIGKILL");
    await using second = await startTestProgram({ ...place, port: first.port });
    const { report, events } = await running;
    expect(report).toMatchObject({ outcome: "succeeded", warnings: [] });
    expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
    expect(await listTasks(second.url)).toMatchObject([
      { labels: { "agent-worker.run": report.runId }, state: "succeeded", attempt: 1 },
    ]);
  });
});

it("fifty submissions with one key at once are one task", async () => {
  using directory = makeDirectory("agent-worker-submit-");
  await using world = openClientWorld();
  await using server = await startTestProgram({ ...program, dataDirectory: directory.path, port: 0 });
  const { report } = await world.run([server.url], { patience: longPatience });
  const base = report.repository.base.sha;
  const [pushed] = await listTasks(server.url);
  const { repository } = taskResourceSchema.parse(pushed);
  const key = randomUUID();
  const send = () =>
    fetch(`${server.url}/api/v1/tasks`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${testKeys.alice}`,
        "Content-Type": "application/json",
        "Idempotency-Key": key,
      },
      body: JSON.stringify({ task: "Once", repository: { ...repository, base } }),
    });
  const answers = await Promise.all(Array.from({ length: 50 }, send));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  expect(statuses.filter((status) => status !== 201 && status !== 200 && status !== 409)).toEqual([]);
  const ids = await Promise.all(
    answers.filter(({ ok }) => ok).map(async (answer) => taskResourceSchema.parse(await answer.json()).id),
  );
  expect(new Set(ids).size).toBe(1);
  expect(await listTasks(server.url)).toHaveLength(2);
});

it("eight clients that bring the same base at once all get their work", async () => {
  using directory = makeDirectory("agent-worker-submit-");
  await using world = openClientWorld();
  await using server = await startTestProgram({ ...program, dataDirectory: directory.path, port: 0 });
  const results = await Promise.all(
    Array.from({ length: 8 }, () => world.run([server.url], { patience: longPatience })),
  );
  expect(results.map(({ report }) => [report.outcome, report.reason])).toEqual(results.map(() => ["succeeded", null]));
});
