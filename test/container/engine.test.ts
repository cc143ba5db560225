import { once } from "node:events";
import { createServer } from "node:http";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { connectEngine } from "../../src/container/engine.ts";
import { callEngine, readStatusCode, toEngineError } from "../../src/container/engine-error.ts";
import { readEngineInfo } from "../../src/container/engine-info.ts";
import { readHostMapping } from "../../src/container/host-mapping.ts";
import { findImage } from "../../src/container/image.ts";
import { emptySettings, never, openEngine, openScriptedEngine } from "../support/engine.ts";

describe("connecting to an engine", () => {
  it("tells what the engine says of itself", async () => {
    await using engine = await openEngine();
    const info = await engine.info();
    expect(info).toMatchObject({ version: expect.stringMatching(/^\d+\./), apiVersion: expect.stringMatching(/^1\./) });
    expect(info.rootDirectory).toMatch(/^\//);
    expect(engine.isRemote).toBe(false);
  });

  it("makes no request before it is asked something, and asks about the engine once", async () => {
    await using scripted = await openScriptedEngine((_request, response) => {
      response.end(JSON.stringify({ Version: "5.0", ApiVersion: "1.41", NCPU: 4 }));
    });
    expect(scripted.requests).toEqual([]);
    await scripted.engine.info();
    await scripted.engine.info();
    expect(scripted.requests.toSorted()).toEqual(["GET /info", "GET /version"]);
  });

  it("has nothing long to say of its connections: docker-modem formats them with each request", async () => {
    await using scripted = await openScriptedEngine((_request, response) => response.end("{}"));
    await callEngine("answer", { signal: never }, () => scripted.engine.docker.ping());
    expect(inspect(scripted.engine.docker, { showHidden: true, depth: null }).length).toBeLessThan(5_000);
  });

  it.each([[null], ["x"], [[7]], [{ 0: "name=rootless" }]])(
    "takes an engine for an ordinary one whose security options are %j",
    async (SecurityOptions) => {
      await using scripted = await openScriptedEngine((_request, response) => {
        response.end(JSON.stringify({ SecurityOptions }));
      });
      expect(await readHostMapping(scripted.engine, 1000, never)).toMatchObject({ shiftsIds: false });
    },
  );

  it("recognises Podman, rootless engines and cgroup versions", async () => {
    await using scripted = await openScriptedEngine((request, response) => {
      const info = {
        SecurityOptions: ["name=seccomp,profile=default", "name=rootless", "name=selinux", "name=userns"],
        CgroupVersion: "2",
      };
      const version = { Version: "5.0", ApiVersion: "1.41", Components: [{ Name: "Podman Engine" }] };
      response.end(JSON.stringify(request.url === "/info" ? info : version));
    });
    expect(await scripted.engine.info()).toMatchObject({
      kind: "podman",
      rootless: true,
      cgroupVersion: 2,
    });
  });

  it("is asked how it maps users and files, but not on behalf of root", async () => {
    const answers = [[], ["name=rootless"], ["name=userns"], ["name=selinux"]];
    const mappings: unknown[] = [];
    for (const SecurityOptions of answers) {
      await using scripted = await openScriptedEngine((_request, response) => {
        response.end(JSON.stringify({ Version: "5.0", ApiVersion: "1.41", SecurityOptions }));
      });
      expect(await readHostMapping(scripted.engine, 0, never)).toMatchObject({ shiftsIds: false });
      expect(scripted.requests).toEqual([]);
      mappings.push(await readHostMapping(scripted.engine, 1000, never));
    }
    expect(mappings).toMatchObject([
      { shiftsIds: false },
      { shiftsIds: true },
      { shiftsIds: true },
      { shiftsIds: false, needsLabels: true },
    ]);
  });

  it("is not led elsewhere by DOCKER_HOST of the process, which the configuration has already judged", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9");
    try {
      await using scripted = await openScriptedEngine((_request, response) => {
        response.end(JSON.stringify({ Version: "5.0", ApiVersion: "1.41" }));
      });
      expect(await scripted.engine.info()).toMatchObject({ version: "5.0" });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("talks to an engine over TCP; loopback is not remote", async () => {
    const server = createServer((_request, response) => {
      response.end(JSON.stringify({ Version: "5.0", ApiVersion: "1.41" }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    try {
      await using engine = await connectEngine({ ...emptySettings, host: `tcp://127.0.0.1:${port}` }, never);
      expect(await engine.info()).toMatchObject({ version: "5.0" });
      expect(engine).toMatchObject({ isRemote: false, endpoint: `tcp://127.0.0.1:${port}` });
    } finally {
      server.close();
    }
  });

  it("says which certificates are missing", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    try {
      const settings = { ...emptySettings, host: `tcp://127.0.0.1:${port}`, tlsVerify: true, certPath: "/nonexistent" };
      await expect(connectEngine(settings, never)).rejects.toMatchObject({
        code: "ENGINE_UNAVAILABLE",
        message: expect.stringContaining("/nonexistent/ca.pem"),
        hint: expect.stringContaining("DOCKER_CERT_PATH"),
      });
    } finally {
      server.close();
    }
  });
});

describe("errors of an engine", () => {
  it("gives the engine's own words", async () => {
    await using scripted = await openScriptedEngine((_request, response) => {
      response
        .writeHead(500, { "content-type": "application/json" })
        .end(JSON.stringify({ message: "layer is broken" }));
    });
    await expect(findImage(scripted.engine, "some:image", never)).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: "The engine could not look up the image: layer is broken",
    });
  });

  it("gives the words of a web page without its markup", async () => {
    await using scripted = await openScriptedEngine((_request, response) => {
      response.writeHead(502, { "content-type": "text/html" }).end("<html><h1>Bad gateway</h1></html>");
    });
    const failure = await findImage(scripted.engine, "some:image", never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ENGINE_FAILED", message: expect.stringMatching(/HTTP 502.*Bad gateway/) });
    expect(String(failure)).not.toContain("<h1>");
  });

  it("recognises a full disk", async () => {
    await using scripted = await openScriptedEngine((_request, response) => {
      response.writeHead(500).end(JSON.stringify({ message: "write /var/lib/docker/x: no space left on device" }));
    });
    await expect(findImage(scripted.engine, "some:image", never)).rejects.toMatchObject({ code: "DISK_FULL" });
  });

  it("recognises that something else than an engine answers", async () => {
    await using scripted = await openScriptedEngine((_request, response) => response.end("hello"));
    const failure = { code: "ENGINE_FAILED", message: expect.stringContaining("not a container engine") };
    await expect(readEngineInfo(scripted.engine.docker, never)).rejects.toMatchObject(failure);
    await expect(findImage(scripted.engine, "some:image", never)).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  });

  it.each([
    ["no object", "hello"],
    ["a list", []],
    ["no id", { Created: "2026-01-01T00:00:00Z" }],
    ["an id that is no text", { Id: 7 }],
    ["a date that is no text", { Id: "sha256:1", Created: 7 }],
    ["no date on purpose", { Id: "sha256:1", Created: null }],
    ["a configuration that is none", { Id: "sha256:1", Config: "x" }],
    ["labels that are a list", { Id: "sha256:1", Config: { Labels: ["x"] } }],
    ["a label that is no text", { Id: "sha256:1", Config: { Labels: { a: 7 } } }],
  ])("refuses an image with %s", async (_, answer) => {
    await using scripted = await openScriptedEngine((_request, response) => response.end(JSON.stringify(answer)));
    await expect(findImage(scripted.engine, "some:image", never)).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: expect.stringMatching(/^The engine could not look up the image: /),
    });
  });

  it.each([{ Id: "sha256:1" }, { Id: "sha256:1", Config: null }, { Id: "sha256:1", Config: { Labels: null } }])(
    "takes an image that says no more than %j",
    async (answer) => {
      await using scripted = await openScriptedEngine((_request, response) => response.end(JSON.stringify(answer)));
      const image = await findImage(scripted.engine, "some:image", never);
      expect(image).toMatchObject({ id: "sha256:1", createdAt: "", claudeCodeVersion: null });
    },
  );

  it.each([
    [undefined, "undefined"],
    ["x", "x"],
    [7, "7"],
    [{ code: 7 }, "[object Object]"],
    [{ name: 7 }, "[object Object]"],
    [{ message: 7 }, "[object Object]"],
    [{ statusCode: "404" }, "[object Object]"],
  ])("are told as they are where they are none of its own: %j", (thrown, told) => {
    expect(toEngineError(thrown, "do it")).toMatchObject({
      code: "ENGINE_FAILED",
      message: `The engine could not do it: ${told}`,
    });
    expect(readStatusCode(thrown)).toBeUndefined();
  });

  it("tells that the engine hung up", async () => {
    await using scripted = await openScriptedEngine((request) => request.socket.destroy());
    await expect(findImage(scripted.engine, "some:image", never)).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      message: expect.stringContaining("closed the connection"),
    });
  });

  it("ends a call to an engine that hangs when it is cancelled, and closes the connection", async () => {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    await using scripted = await openScriptedEngine((request) => {
      request.socket.once("close", () => closed.resolve());
      arrived.resolve();
    });
    const controller = new AbortController();
    const call = findImage(scripted.engine, "some:image", controller.signal);
    call.catch(() => undefined);
    await arrived.promise;
    controller.abort("SIGINT");
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    await closed.promise;
  });

  it("gives up on an engine that hangs", async () => {
    await using scripted = await openScriptedEngine(() => undefined);
    const call = callEngine("answer", { signal: never, timeoutMs: 20 }, (abortSignal) =>
      scripted.engine.docker.listImages({ abortSignal }),
    );
    await expect(call).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      message: "The engine could not answer: it did not answer within 0.02 s.",
    });
  });
});
