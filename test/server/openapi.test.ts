import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { problemTable } from "../../src/protocol/problem.ts";
import { renderDocument } from "../../scripts/openapi.ts";
import { Contract } from "../support/contract.ts";
import type { ApiDocument } from "../support/contract.ts";
import { makeRepository } from "../support/repository.ts";
import { pushBase, submitTask, waitForEnd } from "../support/submit.ts";
import { startTestServer } from "../support/task-server.ts";
import type { TestRequest } from "../support/task-server.ts";

const root = new URL("../..", import.meta.url);

it("is what docs/openapi.json holds (node scripts/openapi.ts)", async () => {
  expect(readFileSync(new URL("docs/openapi.json", root), "utf8")).toBe(await renderDocument());
});

/** The shortest that git says: nothing more follows. */
function flush(service: string): TestRequest {
  return { method: "POST", body: "0000", headers: { "Content-Type": `application/x-git-${service}-request` } };
}

describe("every route", () => {
  it("answers as the document says, and the document tells of no other", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const document = (await (await server.request("/openapi.json")).json()) as ApiDocument;
    const contract = new Contract(document);
    const ask = (route: readonly [string, string, string?], init?: TestRequest) =>
      contract.check(server, [route[0], route[1], route[2] ?? route[1]], init);
    const base = await pushBase(server, repository);
    const none = "01M7XQEKPMMNEQZ2HHF3DSZ5S4";
    const body = { json: { task: "x", repository: { key: "app", base } }, headers: { "Idempotency-Key": "one" } };

    const created = await ask(["POST", "/api/v1/tasks"], body);
    const { id } = (await created.json()) as { id: string };
    await waitForEnd(server, id);
    const now = new Date().toISOString();
    const times = { createdAt: now, updatedAt: now };
    const session = { id: "s1", agent: "claude", repository: "app", taskId: id, title: "t", sizeBytes: 1, ...times };
    await server.store.saveSession({ ...session, owner: "alice", file: "/nonexistent/session" });
    const task = `/api/v1/tasks/${id}`;
    const git = "/api/v1/repositories/{key}.git";

    await ask(["POST", "/api/v1/tasks"], body);
    await ask(["POST", "/api/v1/tasks"], { ...body, json: { ...body.json, task: "y" } });
    await ask(["POST", "/api/v1/tasks"], { json: { task: "x" } });
    await ask(["POST", "/api/v1/tasks"], { body: "x", headers: { "Content-Type": "text/plain" } });
    await ask(["POST", "/api/v1/tasks"], { ...body, key: null });
    await ask(["POST", "/api/v1/tasks"], { ...body, headers: { Origin: "null" } });
    await ask(["GET", "/api/v1/tasks"]);
    await ask(["GET", "/api/v1/tasks", "/api/v1/tasks?state=nothing"]);
    await ask(["GET", "/api/v1/tasks/{id}", task]);
    const tag = (await ask(["HEAD", "/api/v1/tasks/{id}", task])).headers.get("ETag") ?? "";
    await ask(["GET", "/api/v1/tasks/{id}", task], { headers: { "If-None-Match": tag } });
    await ask(["GET", "/api/v1/tasks/{id}", `/api/v1/tasks/${none}`]);
    await ask(["POST", "/api/v1/tasks/{id}/interrupt", `${task}/interrupt`]);
    await ask(["GET", "/api/v1/tasks/{id}/events", `${task}/events`]);
    await ask(["GET", "/api/v1/tasks/{id}/events", `${task}/events`], { headers: { Accept: "text/event-stream" } });
    await ask(["GET", "/api/v1/tasks/{id}/events", `${task}/events`], { headers: { Accept: "application/x-ndjson" } });
    await ask(["GET", "/api/v1/tasks/{id}/events", `${task}/events?after=x`]);
    await ask(["GET", "/api/v1/tasks/{id}/events", `${task}/events?epoch=other&after=1`]);
    await ask(["GET", "/api/v1/tasks/{id}/report", `${task}/report`]);
    await ask(["GET", "/api/v1/tasks/{id}/diff", `${task}/diff`]);
    await ask(["GET", "/api/v1/sessions"]);
    await ask(["GET", "/api/v1/sessions/{id}", "/api/v1/sessions/s1"]);
    await ask(["DELETE", "/api/v1/sessions/{id}", "/api/v1/sessions/s1"]);
    await ask(["DELETE", "/api/v1/sessions/{id}", "/api/v1/sessions/s1"]);
    const commits = "/api/v1/repositories/{key}/commits/{sha}";
    await ask(["GET", commits, `/api/v1/repositories/app/commits/${base}`]);
    await ask(["HEAD", commits, `/api/v1/repositories/none/commits/${base}`]);
    await ask(["GET", `${git}/info/refs`, "/api/v1/repositories/app.git/info/refs?service=git-upload-pack"]);
    await ask(["GET", `${git}/info/refs`, "/api/v1/repositories/app.git/info/refs"]);
    await ask(["POST", `${git}/git-upload-pack`, "/api/v1/repositories/app.git/git-upload-pack"], flush("upload-pack"));
    const push = "/api/v1/repositories/app.git/git-receive-pack";
    await ask(["POST", `${git}/git-receive-pack`, push], flush("receive-pack"));
    await ask(["POST", `${git}/git-receive-pack`, push], { ...flush("receive-pack"), body: "junk" });
    await ask(["POST", "/api/v1/tickets"]);
    for (const path of ["/health", "/healthz", "/readyz", "/api/v1/version", "/metrics"]) await ask(["GET", path]);
    await ask(["GET", "/health"], { key: null });
    await ask(["DELETE", "/api/v1/tasks/{id}", task]);
    await ask(["DELETE", "/api/v1/tasks/{id}", task]);

    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path} `),
    );
    expect(described.filter((start) => ![...contract.seen].some((place) => place.startsWith(start)))).toEqual([]);
    // That a whole page of the table was met, and not only what goes well.
    expect(contract.seen.size).toBeGreaterThan(35);
  });

  it("is closed to a method that it does not have, and says which it has", async () => {
    await using server = await startTestServer();
    const document = (await (await server.request("/openapi.json")).json()) as ApiDocument;
    for (const [path, operations] of Object.entries(document.paths)) {
      const url = path
        .replace("{id}", "01M7XQEKPMMNEQZ2HHF3DSZ5S4")
        .replace("{key}", "app")
        .replace("{sha}", "a".repeat(40));
      const answer = await server.request(url, { method: "PUT" });
      const methods = Object.keys(operations).flatMap((name) =>
        name === "get" ? ["GET", "HEAD"] : name.toUpperCase(),
      );
      expect([path, answer.status]).toEqual([path, problemTable.METHOD_NOT_ALLOWED.status]);
      expect(answer.headers.get("Allow")?.split(", ").toSorted()).toEqual(methods.toSorted());
    }
  });
});

it("names a task that is submitted as its route does", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  const { id } = await submitTask(server, await pushBase(server, repository));
  await waitForEnd(server, id);
  const routes = server.log.map((line) => JSON.parse(line)).flatMap(({ route }) => route ?? []);
  expect(routes).toContain("/api/v1/tasks/{id}");
  expect(routes).toContain("/api/v1/repositories/{name}/git-receive-pack");
  expect(routes.filter((route: string) => route.includes(id))).toEqual([]);
});
