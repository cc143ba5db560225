import { connect } from "node:net";
import { expect, it } from "vitest";
import { startTestServer, testKeys } from "../support/task-server.ts";

const mebibyte = 1024 * 1024;

it("a body that is held back half way takes no more memory than its key may have, and others are let in", async () => {
  await using server = await startTestServer({ limits: { ownerBodyBytes: mebibyte } });
  const head = [
    "POST /api/v1/tasks HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${testKeys.alice}`,
    "Content-Type: application/json",
    `Content-Length: ${mebibyte}`,
  ];
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(`${head.join("\r\n")}\r\n\r\n${"x".repeat(mebibyte - 1_000)}`);
  const json = { task: "x".repeat(10_000), repository: { key: "app", base: "a".repeat(40) } };
  const ask = async (key: string): Promise<number> => (await server.request("/api/v1/tasks", { key, json })).status;
  await expect.poll(() => ask(testKeys.alice)).toBe(429);
  expect(await ask(testKeys.bob)).toBe(422);
  socket.destroy();
  await expect.poll(() => ask(testKeys.alice)).toBe(422);
});
