import { expect, it } from "vitest";
import { readExposition } from "../support/exposition.ts";
import { runPromtool } from "../support/promtool.ts";
import { makeRepository } from "../support/repository.ts";
import { startTestServer } from "../support/task-server.ts";

it("tells Prometheus of a task that was carried out, and of one that was refused", async () => {
  using repository = makeRepository();
  await using server = await startTestServer({ workspaceRoots: [repository.path] });
  const submit = (path: string): Promise<Response> =>
    server.request("/api/v1/tasks", { json: { task: "Add a file", repository: { path, base: "HEAD" } } });
  const { id } = (await (await submit(repository.path)).json()) as { id: string };
  expect((await submit("/nowhere")).status).toBe(422);
  const readState = async (): Promise<unknown> =>
    ((await (await server.request(`/api/v1/tasks/${id}`)).json()) as { state: unknown }).state;
  await expect.poll(readState, { timeout: 20_000 }).toBe("succeeded");

  expect((await server.request("/metrics", { key: null })).status).toBe(401);
  const scrape = async (): Promise<string> => (await server.request("/metrics")).text();
  const readSamples = async (): Promise<Record<string, number>> =>
    Object.fromEntries([...readExposition(await scrape()).values()].flatMap(({ samples }) => Array.from(samples)));
  // What follows the end of a task is counted right after it.
  await expect.poll(readSamples).toMatchObject({
    agent_worker_tasks_received_total: 1,
    'agent_worker_tasks_rejected_total{code="REPOSITORY_REFUSED"}': 1,
    agent_worker_task_attempts_total: 1,
    'agent_worker_tasks_ended_total{state="succeeded"}': 1,
    'agent_worker_task_first_event_seconds_count{warm="false"}': 1,
    agent_worker_task_duration_seconds_count: 1,
    agent_worker_turns_total: 1,
    agent_worker_tasks_active: 0,
    agent_worker_tasks_queued: 0,
    'agent_worker_breaker_state{state="closed"}': 1,
    'agent_worker_http_requests_total{method="POST",route="/api/v1/tasks",status="201"}': 1,
    'agent_worker_http_requests_total{method="GET",route="/metrics",status="401"}': 1,
  });
  const text = await scrape();
  expect(runPromtool(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
  expect(text).not.toContain(id);
});
