import { once } from "node:events";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { doctorCommand } from "../../../src/cli/commands/doctor.ts";
import { createCapturedContext } from "../../support/cli-context.ts";
import { baseImage } from "../../support/engine.ts";
import { startTestServer, testKeys } from "../../support/task-server.ts";

const temporary = () => mkdtempDisposableSync(join(tmpdir(), "agent-worker-test-"));

const answerSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(["ok", "warn", "fail"]),
      text: z.string(),
      remedy: z.string().nullable(),
    }),
  ),
});

/** The doctor's answer for a machine like this one but for `variables`. */
async function examine(home: string, variables: Record<string, string> = {}) {
  const { PATH, DOCKER_HOST, XDG_RUNTIME_DIR } = process.env;
  const environment = {
    PATH,
    DOCKER_HOST,
    XDG_RUNTIME_DIR,
    HOME: home,
    AGENT_WORKER_BASE_IMAGE: baseImage,
    ...variables,
  };
  const context = createCapturedContext({ environment, workingDirectory: home });
  const exitCode = await doctorCommand({ flags: new Map(), json: true }, context);
  const answer = answerSchema.parse(JSON.parse(context.written.stdout));
  return {
    exitCode,
    answer,
    text: context.written.stdout,
    check: (name: string) => answer.checks.find((one) => one.name === name),
  };
}

it("finds a machine well that has all a run needs, without showing the credential", async () => {
  using home = temporary();
  await using model = await listen();
  const { exitCode, answer, text, check } = await examine(home.path, {
    ANTHROPIC_API_KEY: "sk-canary-value",
    ANTHROPIC_BASE_URL: model.url,
  });
  expect(answer.checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(exitCode).toBe(0);
  expect(answer.ok).toBe(true);
  expect(text).not.toContain("sk-canary-value");
  expect(check("credential")?.text).toBe("API key, set");
  expect(check("git")?.text).toMatch(/^\d+\.\d+/);
  expect(check("engine")?.text).toMatch(/(Docker|Podman).* at \w+:\/\//);
  expect(check("image")?.text).toMatch(/^agent-worker:[0-9a-f]{16} /);
});

it("names what is missing and the command that mends it, with exit code 4", async () => {
  using home = temporary();
  const { exitCode, answer, check } = await examine(home.path, {
    DOCKER_HOST: `unix://${home.path}/none.sock`,
    ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
    PATH: "/nonexistent",
  });
  expect(exitCode).toBe(4);
  expect(answer.ok).toBe(false);
  expect(check("credential")).toMatchObject({ status: "fail", remedy: expect.stringContaining("ANTHROPIC_API_KEY") });
  expect(check("model")).toMatchObject({ status: "fail", text: expect.stringContaining("ECONNREFUSED") });
  expect(check("engine")).toMatchObject({ status: "fail", text: expect.stringContaining("none.sock: no such file") });
  expect(check("git")).toMatchObject({ status: "fail" });
});

it("finds an image that a run would use but is not here, the kind of a credential and a proxy's name without its password", async () => {
  using home = temporary();
  await using proxy = await listen();
  const { check, text } = await examine(home.path, {
    AGENT_WORKER_IMAGE: "127.0.0.1:9/no/such-image:1",
    CLAUDE_CODE_OAUTH_TOKEN: "oauth-canary-value",
    ANTHROPIC_BASE_URL: "https://model.example.org",
    HTTPS_PROXY: proxy.url.replace("http://", "http://ann:pass-canary@"),
  });
  expect(check("image")).toMatchObject({ status: "warn", remedy: "docker pull 127.0.0.1:9/no/such-image:1" });
  expect(check("credential")?.text).toBe("OAuth token, set");
  expect(check("model")).toMatchObject({ status: "ok", text: expect.stringContaining("by proxy 127.0.0.1:") });
  expect(text).not.toMatch(/canary/);
});

it("finds a state directory that cannot be made", async () => {
  using home = temporary();
  writeFileSync(join(home.path, "file"), "");
  const { check } = await examine(home.path, { AGENT_WORKER_STATE_DIR: join(home.path, "file/state") });
  expect(check("state")).toMatchObject({ status: "fail", text: expect.stringContaining("cannot be made in") });
});

it("tells of a faulty configuration instead of failing", async () => {
  using home = temporary();
  const { exitCode, check } = await examine(home.path, { AGENT_WORKER_CPUS: "many" });
  expect(exitCode).toBe(4);
  expect(check("configuration")).toMatchObject({ status: "fail", text: expect.stringContaining("AGENT_WORKER_CPUS") });
});

it("looks at the server instead of the engine in server mode", async () => {
  using home = temporary();
  await using server = await startTestServer();
  const { answer, check } = await examine(home.path, {
    AGENT_EXECUTION_MODE: "server",
    CLAUDE_SERVER_URL: server.url,
    CLAUDE_SERVER_API_KEY: testKeys.alice,
    DOCKER_HOST: "unix:///nonexistent/engine.sock",
  });
  for (const name of ["server", "server key", "server health"]) expect(check(name)).toMatchObject({ status: "ok" });
  expect(answer.checks.map(({ name }) => name)).not.toContain("engine");
});

it("asks for nothing that a client does not need where a server is named by flag", async () => {
  using home = temporary();
  await using server = await startTestServer();
  const environment = { HOME: home.path, PATH: process.env["PATH"], CLAUDE_SERVER_API_KEY: testKeys.alice };
  const context = createCapturedContext({ environment, workingDirectory: home.path });
  const flags = new Map([["--server-url", [server.url]]]);
  expect(await doctorCommand({ flags, json: false }, context)).toBe(0);
  expect(context.written.stdout).not.toContain("credential");
});

it("prints one line for each check to people, with the remedy below", async () => {
  using home = temporary();
  const environment = { HOME: home.path, PATH: process.env["PATH"], ANTHROPIC_BASE_URL: "http://127.0.0.1:9" };
  const context = createCapturedContext({ environment, workingDirectory: home.path });
  await doctorCommand({ flags: new Map(), json: false }, context);
  expect(context.written.stdout).toMatch(/^ok {4}git +\d/m);
  expect(context.written.stdout).toMatch(/^fail {2}credential +none is set\n +-> export ANTHROPIC_API_KEY/m);
});

async function listen() {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, [Symbol.asyncDispose]: async () => void server.close() };
}
