import { describe, expect, it } from "vitest";
import { problemSchema } from "../../src/protocol/problem.ts";
import { taskPageSchema, taskResourceSchema } from "../../src/protocol/task-resource.ts";
import type { NewTask } from "../../src/store/tasks/task-store.ts";
import { makeRepository } from "../support/repository.ts";
import { untilStopped } from "../support/stopping-agent.ts";
import { pushBase } from "../support/submit.ts";
import { startTestServer } from "../support/task-server.ts";

describe("an Idempotency-Key", () => {
  it("makes one task of many requests, whatever the order of their fields", async () => {
    using repository = makeRepository();
    await using server = await startTestServer({ act: untilStopped });
    const base = await pushBase(server, repository);
    const headers = { "Idempotency-Key": "one" };
    const bodies = [
      { task: "x", repository: { key: "app", base }, labels: { a: "1", b: "2" } },
      { labels: { b: "2", a: "1" }, repository: { base, key: "app" }, task: "x" },
    ];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => server.request("/api/v1/tasks", { json: bodies[index % 2], headers })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    for (const answer of answers) {
      expect(answer.status).toBeOneOf([200, 201, 409]);
      expect(answer.headers.get("Idempotency-Replayed")).toBe(answer.status === 200 ? "true" : null);
      expect(answer.headers.get("Retry-After")).toBe(answer.status === 409 ? "1" : null);
    }
    const replayed = await server.request("/api/v1/tasks", { json: bodies[1], headers });
    const { id } = taskResourceSchema.parse(await replayed.json());
    expect([replayed.status, replayed.headers.get("Location")]).toEqual([200, `/api/v1/tasks/${id}`]);
    const list = taskPageSchema.parse(await (await server.request("/api/v1/tasks")).json());
    expect(list.tasks.map((task) => task.id)).toEqual([id]);
    const other = await server.request("/api/v1/tasks", { json: { ...bodies[0], task: "y" }, headers });
    expect(problemSchema.parse(await other.json())).toMatchObject({ status: 422, code: "KEY_REUSED" });
    const malformed = { "Idempotency-Key": "x".repeat(256) };
    expect((await server.request("/api/v1/tasks", { json: bodies[0], headers: malformed })).status).toBe(400);
    await server.request(`/api/v1/tasks/${id}/interrupt`, { method: "POST" });
  });
});

it("has the same request wait while it is being taken", async () => {
  using repository = makeRepository();
  const { promise: allowed, resolve: allow } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  await using server = await startTestServer({
    wrapStore: (store) =>
      new Proxy(store, {
        get(target, name) {
          if (name !== "create") return bindMember(target, name);
          return async (task: NewTask) => {
            begin();
            await allowed;
            return target.create(task);
          };
        },
      }),
  });
  const base = await pushBase(server, repository);
  const request = {
    json: { task: "x", repository: { key: "app", base } },
    headers: { "Idempotency-Key": "one" },
  };
  const first = server.request("/api/v1/tasks", request);
  await begun;
  const second = await server.request("/api/v1/tasks", request);
  expect(problemSchema.parse(await second.json())).toMatchObject({ status: 409, code: "IN_FLIGHT", retryable: true });
  expect(second.headers.get("Retry-After")).toBe("1");
  allow();
  expect((await first).status).toBe(201);
});

/** A method of an object with private members works on that object only. */
function bindMember(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name);
  return typeof member === "function" ? member.bind(target) : member;
}
