import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { ask, listen, openTestGateway } from "./support.ts";

describe("TLS and proxies", () => {
  const tls = {
    key: readFileSync("test/fixtures/tls/localhost.key"),
    cert: readFileSync("test/fixtures/tls/localhost.crt"),
  };

  async function openSecureUpstream() {
    const server = createServer(tls, (_request, response) => response.end("{}"));
    const port = await listen(server);
    return {
      url: `https://localhost:${port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      },
    };
  }

  test("a certificate nobody trusts is named, with the way to trust it", async () => {
    await using upstream = await openSecureUpstream();
    await using opened = await openTestGateway(upstream.url);
    expect((await ask(opened.socketPath)).status).toBe(502);
    expect(opened.gateway.failure()).toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: expect.stringContaining("certificate"),
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
  });

  test("a certificate that Node trusts is trusted", async () => {
    await using upstream = await openSecureUpstream();
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, tls.cert.toString()]);
    try {
      await using opened = await openTestGateway(upstream.url);
      expect((await ask(opened.socketPath)).status).toBe(200);
    } finally {
      setDefaultCACertificates(before);
    }
  });

  test("a certificate in the CA bundle is trusted", async () => {
    await using upstream = await openSecureUpstream();
    await using opened = await openTestGateway(upstream.url, { caBundle: "test/fixtures/tls/localhost.crt" });
    expect((await ask(opened.socketPath)).status).toBe(200);
  });

  test("a proxy is used, with its password, which is never told", async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createHttpServer((request, response) => {
      asked.push(request.url, request.headers["proxy-authorization"]);
      response.writeHead(asked.length === 2 ? 200 : 407).end("{}");
    });
    proxy.on("connect", (request, socket) => {
      asked.push(request.url, request.headers["proxy-authorization"]);
      const { port } = new URL(`http://${request.url ?? ""}`);
      const to = connect(Number(port), "127.0.0.1");
      to.on("error", () => socket.destroy());
      socket.on("error", () => to.destroy());
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(to).pipe(socket);
    });
    const proxyUrl = `http://user:password@127.0.0.1:${await listen(proxy)}`;
    const basic = `Basic ${Buffer.from("user:password").toString("base64")}`;
    {
      await using secure = await openSecureUpstream();
      await using opened = await openTestGateway(secure.url, { proxyUrl });
      await ask(opened.socketPath);
      expect(asked).toEqual([new URL(secure.url).host, basic]);
      expect(JSON.stringify(opened.gateway.failure())).toContain("certificate");
    }
    asked.length = 0;
    await using opened = await openTestGateway("http://api.example.com", { proxyUrl });
    expect((await ask(opened.socketPath)).status).toBe(200);
    expect(asked).toEqual(["http://api.example.com/v1/messages", basic]);
    expect((await ask(opened.socketPath)).body).toContain("the proxy answered 407");
    expect(JSON.stringify(opened.gateway.failure())).not.toContain("password");
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
  });

  test("a proxy that refuses is named as such", async () => {
    const proxy = createHttpServer();
    proxy.on("connect", (_request, socket) => socket.end("HTTP/1.1 403 No\r\n\r\n"));
    const proxyUrl = `http://user:password@127.0.0.1:${await listen(proxy)}`;
    await using opened = await openTestGateway("https://api.example.com", { proxyUrl });
    expect((await ask(opened.socketPath)).body).toContain("the proxy answered 403");
    expect(JSON.stringify(opened.gateway.failure())).not.toContain("password");
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
  });
});
