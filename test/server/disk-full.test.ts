import { expect, it } from "vitest";
import { problemSchema } from "../../src/protocol/problem.ts";
import { makeRepository } from "../support/repository.ts";
import { untilStopped } from "../support/stopping-agent.ts";
import { pushBase, submitTask } from "../support/submit.ts";
import { startTestServer } from "../support/task-server.ts";

it("says that there is no room for a task, and takes tasks again when there is", async () => {
  using repository = makeRepository();
  await using server = await startTestServer({ act: untilStopped, sqlite: { maxBytes: 1024 * 1024 } });
  const base = await pushBase(server, repository);
  const json = { task: "x".repeat(1024 * 1024), repository: { key: "app", base } };
  const full = await server.request("/api/v1/tasks", { json });
  expect(problemSchema.parse(await full.json())).toMatchObject({ status: 507, code: "DISK_FULL", retryable: true });
  expect(Number(full.headers.get("Retry-After"))).toBeGreaterThan(0);
  const list = await server.request("/api/v1/tasks");
  expect(await list.json()).toEqual({ tasks: [], nextCursor: null });
  expect(await submitTask(server, base)).toMatchObject({ title: "Add a file" });
});
