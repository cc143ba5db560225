import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { ask, closed, openTestGateway, openTestUpstream } from "./support.ts";

const openUpstream = () => openTestUpstream((_request, response) => response.end("{}"));

async function openConnection(socketPath: string): Promise<Socket> {
  const socket = connect(socketPath);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

test("more connections than the container can need are closed at once, and the others still serve", async () => {
  await using upstream = await openUpstream();
  await using opened = await openTestGateway(upstream.url);
  const sockets = await Promise.all(Array.from({ length: 300 }, () => openConnection(opened.socketPath)));
  let dropped = 0;
  const gone = sockets.map(async (socket) => {
    await closed(socket);
    dropped += 1;
    if (dropped === 44) sockets.forEach((left) => left.destroy());
  });
  await Promise.all(gone);
  expect(await ask(opened.socketPath)).toMatchObject({ status: 200 });
});

test("a connection on which no request comes is closed", async () => {
  await using upstream = await openUpstream();
  await using opened = await openTestGateway(upstream.url, { limits: { requestHeadersMs: 100 } });
  const silent = await openConnection(opened.socketPath);
  const slow = await openConnection(opened.socketPath);
  slow.write("POST /v1/messages HTTP/1.1\r\nhost: ");
  await Promise.all([closed(silent), closed(slow)]);
  expect(opened.audit).toEqual([]);
});

test("a request whose body does not come is broken off, and an answer that takes longer is not", async () => {
  await using upstream = await openTestUpstream((request, response) => {
    response.write("{");
    request.on("end", () => setTimeout(() => response.end("}"), 600)).resume();
  });
  await using opened = await openTestGateway(upstream.url, { limits: { requestHeadersMs: 100, requestMs: 200 } });
  expect(await ask(opened.socketPath)).toMatchObject({ status: 200, body: "{}" });
  const slow = await openConnection(opened.socketPath);
  slow.write("POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\n{").toString();
  slow.resume();
  await closed(slow);
  expect(await opened.audited(2)).toHaveLength(2);
});
