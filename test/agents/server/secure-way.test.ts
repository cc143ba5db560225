import { describe, expect, it } from "vitest";
import { startAwkwardServer } from "../../support/awkward-server.ts";
import { localCertificate, openProxy, openTls } from "../../support/secure-way.ts";
import { openClientWorld } from "../../support/server-world.ts";

describe("the way to a server", () => {
  it("is trusted by the certificates that were given, for requests, the stream and git", async () => {
    await using server = await startAwkwardServer();
    await using tls = await openTls(Number(new URL(server.url).port));
    await using world = openClientWorld();
    const url = `https://localhost:${tls.port}`;
    const trusting = await world.run([url], { caBundle: localCertificate });
    expect([trusting.report.outcome, trusting.report.reason]).toEqual(["succeeded", null]);
    expect(server.requests.some((request) => request.startsWith("WS"))).toBe(true);
    const before = server.requests.length;
    const { report } = await world.run([url]);
    expect(report).toMatchObject({ outcome: "unavailable", reason: { code: "SERVER_UNREACHABLE" } });
    expect(report.reason?.message).toContain("certificate that is not trusted");
    expect(server.requests).toHaveLength(before);
  });

  it("leads through the proxy, for requests, the stream and git, and its password is told nowhere", async () => {
    await using server = await startAwkwardServer();
    await using tls = await openTls(Number(new URL(server.url).port));
    await using proxy = await openProxy("me:hush-hush");
    await using world = openClientWorld();
    const change = { caBundle: localCertificate, proxyUrl: `http://me:hush-hush@localhost:${proxy.port}` };
    const { report, events } = await world.run([`https://localhost:${tls.port}`], change);
    expect([report.outcome, report.reason]).toEqual(["succeeded", null]);
    expect(new Set(proxy.tunnels)).toEqual(new Set([`localhost:${tls.port}`]));
    // One for requests and the stream each, two for git: all that reached the server came through it.
    expect(proxy.tunnels.length).toBeGreaterThan(2);
    const wrong = { ...change, proxyUrl: `http://me:wrong-hush@localhost:${proxy.port}` };
    const refused = await world.run([`https://localhost:${tls.port}`], wrong);
    expect(refused.report.reason).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(refused.report.reason?.message).toContain("407");
    expect(JSON.stringify([report, events, refused])).not.toContain("hush");
  });
});
