import { describe, expect, it } from "vitest";
import { toWorkerError } from "../../src/core/worker-error.ts";
import { guarded, nobody } from "../support/guarded-routes.ts";
import { openSocket } from "../support/open-socket.ts";
import { sendRaw } from "../support/raw-request.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";
import type { TestServer } from "../support/task-server.ts";

/** The status of an answer to a request for this host. */
async function askAs(server: TestServer, host: string): Promise<number> {
  const lines = `Host: ${host}\r\nAuthorization: Bearer ${testKeys.alice}\r\nConnection: close\r\n\r\n`;
  const url = server.url.replace("0.0.0.0", "127.0.0.1");
  return (await sendRaw(url, `GET /api/v1/tasks HTTP/1.1\r\n${lines}`)).status;
}

describe("a page of somebody else's", () => {
  it.each([
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[::2]",
    "10.0.0.1",
  ])("that has its name %s lead here is refused, also with a key", async (host) => {
    await using server = await startTestServer();
    const lines = `Host: ${host}\r\nAuthorization: Bearer ${testKeys.alice}\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(server.url, `GET /api/v1/tasks HTTP/1.1\r\n${lines}`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('"code":"FORBIDDEN"');
    expect((await sendRaw(server.url, `GET / HTTP/1.1\r\n${lines}`)).status).toBe(403);
  });

  it.each(["localhost:8000", "127.0.0.1", "[::1]:80", "LOCALHOST", "agents.example"])(
    "is not what %s is",
    async (host) => {
      await using server = await startTestServer({ settings: { publicHosts: ["agents.example"] } });
      const lines = `Host: ${host}\r\nAuthorization: Bearer ${testKeys.alice}\r\nConnection: close\r\n\r\n`;
      expect((await sendRaw(server.url, `GET /api/v1/tasks HTTP/1.1\r\n${lines}`)).status).toBe(200);
    },
  );

  it("cannot change anything, nor open a socket", async () => {
    await using server = await startTestServer();
    for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"]) {
      const headers = { Origin: origin };
      for (const [method, path] of guarded.filter(([method]) => method !== "GET")) {
        expect((await server.request(path, { method, headers })).status).toBe(403);
      }
      const socket = { ...headers, Authorization: `Bearer ${testKeys.alice}` };
      expect(await openSocket(`${server.url}/ws/tasks/${nobody}`, socket)).toBe(403);
    }
    const own = await server.request("/api/v1/tickets", { method: "POST", headers: { Origin: server.url } });
    expect(own.status).toBe(201);
    expect(await openSocket(`${server.url}/ws/tasks/${nobody}`, { Origin: server.url })).toBe(401);
  });

  it("cannot make the browser ask for anything but the page, whatever asks", async () => {
    await using server = await startTestServer({ keys: [], page: true });
    const repository = "/api/v1/repositories/app.git/info/refs?service=git-receive-pack";
    const ask = async (path: string, site: string): Promise<number> =>
      // Of an image, a frame, a form: without an Origin.
      (await server.request(path, { key: null, headers: { "Sec-Fetch-Site": site } })).status;
    for (const site of ["cross-site", "same-site"]) {
      for (const path of [repository, "/%61pi/v1/tasks", "/metrics"]) expect(await ask(path, site)).toBe(403);
      expect(await ask("/?from=a-link", site)).toBe(200);
    }
    for (const site of ["same-origin", "none"]) expect(await ask(repository, site)).toBe(200);
  });

  it("is also not let in where there are no keys", async () => {
    await using server = await startTestServer({ keys: [] });
    expect((await server.request("/api/v1/tasks", { key: null })).status).toBe(200);
    expect((await server.request("/metrics", { key: null })).status).toBe(200);
    const headers = { Origin: "https://evil.example" };
    expect((await server.request("/api/v1/tickets", { key: null, method: "POST", headers })).status).toBe(403);
  });
});

it("serves nobody but this machine without keys", async () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
    const error = await startTestServer({ keys: [], settings: { host } }).then(() => null, toWorkerError);
    expect(error?.code).toBe("SERVER_KEYS_NEEDED");
  }
});

it("that listens to the network may be called by any name, unless they are told", async () => {
  await using free = await startTestServer({ settings: { host: "0.0.0.0" } });
  expect(await askAs(free, "agents.example:8000")).toBe(200);
  await using told = await startTestServer({ settings: { host: "0.0.0.0", publicHosts: ["agents.example"] } });
  expect(await askAs(told, "agents.example:8000")).toBe(200);
  expect(await askAs(told, "evil.example")).toBe(403);
});

it("has one name at a time", async () => {
  await using server = await startTestServer();
  const lines = "Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  expect((await sendRaw(server.url, `GET /healthz HTTP/1.1\r\n${lines}`)).status).toBe(400);
});
