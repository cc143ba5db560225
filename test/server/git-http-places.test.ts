import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { makeRepository } from "../support/repository.ts";
import { pushBase } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";

/** A push that does not come to an end. */
function openPush(server: { readonly url: string }, key: string): Socket {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const head = [
    "POST /api/v1/repositories/app.git/git-receive-pack HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${key}`,
    "Content-Type: application/x-git-receive-pack-request",
    "Content-Length: 1000",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n0`);
  return socket;
}

it("leaves room for others where one key takes all it may have", async () => {
  await using server = await startTestServer({ limits: { ownerGitProcesses: 1 } });
  let socket = openPush(server, testKeys.alice).resume();
  const path = "/api/v1/repositories/app.git/info/refs?service=git-receive-pack";
  const ask = async (key: string): Promise<number> => (await server.request(path, { key })).status;
  const askAlice = async (): Promise<number> => {
    const status = await ask(testKeys.alice);
    // The push was refused, because a question of ours had the place at that moment.
    if (socket.bytesRead > 0) socket = openPush(server, testKeys.alice).resume();
    return status;
  };
  await expect.poll(askAlice, { timeout: 10_000 }).toBe(429);
  expect(await ask(testKeys.bob)).toBe(200);
  socket.destroy();
  await expect.poll(() => ask(testKeys.alice)).toBe(200);
});

it("gives up a client of git that takes nothing of its answer", async () => {
  using repository = makeRepository({ "a.bin": randomBytes(30_000_000) });
  await using server = await startTestServer({ stream: { drainMs: 200 }, limits: { ownerGitProcesses: 1 } });
  const sha = await pushBase(server, repository);
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const want = `0032want ${sha}\n`;
  const body = `0011command=fetch0001${want}0009done\n0000`;
  const head = [
    "POST /api/v1/repositories/app.git/git-upload-pack HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${testKeys.alice}`,
    "Content-Type: application/x-git-upload-pack-request",
    "Git-Protocol: version=2",
    `Content-Length: ${body.length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  await once(socket, "readable");
  await expect.poll(() => server.log.join(""), { timeout: 10_000 }).toContain('"cut":true');
  // It took its place with it.
  const path = "/api/v1/repositories/app.git/info/refs?service=git-upload-pack";
  await expect.poll(async () => (await server.request(path)).status).toBe(200);
  socket.destroy();
});
