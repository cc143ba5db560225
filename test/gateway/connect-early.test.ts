import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { openUpstream } from "../../src/gateway/upstream.ts";

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly port: number | undefined;
}

const never = new AbortController().signal;

it("is connected before the first request, having said nothing but OPTIONS", async () => {
  const seen: Seen[] = [];
  const server = createServer(({ method, url, headers, socket }, response) => {
    seen.push({ method, path: url, headers, port: socket.remotePort });
    response.end("here");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  {
    await using upstream = openUpstream({ baseUrl: `http://127.0.0.1:${address.port}/v2/` });
    await upstream.open();
    // Its connection is free again a turn of the event loop later.
    await nextTurn();
    const headers = { "x-api-key": "a credential" };
    const request = { method: "GET", path: "/v1/models", query: "", headers, body: null, signal: never };
    expect(await text((await upstream.send(request)).body)).toBe("here");
  }
  server.close();
  expect(seen).toMatchObject([
    { method: "OPTIONS", path: "/v2/" },
    { method: "GET", path: "/v2/v1/models" },
  ]);
  expect(Object.keys(seen[0]?.headers ?? {})).toEqual(["host", "connection"]);
  expect(seen[1]?.port).toBe(seen[0]?.port);
});
