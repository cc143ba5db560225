import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { readScenario } from "./scenario.ts";
import { startScriptedModel } from "./server.ts";

const hello = { content: [{ type: "text" as const, text: "Hello" }] };
const question = { model: "m", messages: [], tools: [{ name: "Bash" }] };

function ask(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/messages?beta=true`, { method: "POST", body: JSON.stringify(body), headers });
}

async function say(url: string, session: string): Promise<string> {
  const answer = await ask(url, question, { "x-claude-code-session-id": session });
  return JSON.stringify(await answer.json());
}

describe("startScriptedModel", () => {
  test("answers whole and as a stream that adds up to the same", async () => {
    const step = {
      content: [
        { type: "thinking" as const, thinking: "Let me see." },
        { type: "text" as const, text: "Hello ", times: 3 },
        { type: "tool_use" as const, name: "Write", input: { file_path: "{{cwd}}/a", content: 'a"b' } },
      ],
      tokens: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
      deltaChars: 3,
    };
    await using model = await startScriptedModel({ steps: [step, step] });
    const system = "# Environment\n - Primary working directory: /a dir\n - Platform: linux";
    const whole = await (await ask(model.url, { ...question, system })).json();
    expect(whole).toMatchObject({
      type: "message",
      role: "assistant",
      model: "m",
      stop_reason: "tool_use",
      content: [
        { type: "thinking", thinking: "Let me see." },
        { type: "text", text: "Hello Hello Hello " },
        { type: "tool_use", name: "Write", input: { file_path: "/a dir/a", content: 'a"b' } },
      ],
      usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
    });
    const streamed = await ask(model.url, { ...question, system, stream: true });
    expect(streamed.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const events = (await streamed.text()).trimEnd().split("\n\n");
    const types = events.map((event) => /^event: (.*)\n/.exec(event)?.[1]);
    expect(types.slice(0, 3)).toEqual(["message_start", "ping", "content_block_start"]);
    expect(types.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
    const said = events.join("\n");
    const joined = (key: string): string =>
      [...said.matchAll(new RegExp(String.raw`"${key}":("(?:[^"\\]|\\.)*")\}\}`, "g"))]
        .map((match) => String(JSON.parse(match[1] ?? '""')))
        .join("");
    expect(joined("text")).toBe("Hello Hello Hello ");
    expect(joined("thinking")).toBe("Let me see.");
    expect(JSON.parse(joined("partial_json"))).toEqual({ file_path: "/a dir/a", content: 'a"b' });
  });

  test("walks through the steps once per session, repeats as told, and closes", async () => {
    await using model = await startScriptedModel({
      steps: [{ ...hello, repeat: 2 }, { error: { status: 429 } }],
      closing: "Done",
    });
    for (const session of ["one", "two"]) {
      expect(await say(model.url, session)).toContain("Hello");
      expect(await say(model.url, session)).toContain("Hello");
      expect(await say(model.url, session)).toContain("rate_limit_error");
      expect(await say(model.url, session)).toContain("Done");
      expect(await say(model.url, session)).toContain("Done");
    }
  });

  test("gives side calls an answer and no step", async () => {
    await using model = await startScriptedModel({ steps: [hello] });
    await (await ask(model.url, { ...question, tools: [] })).json();
    const counted = await fetch(`${model.url}/v1/messages/count_tokens`, {
      method: "POST",
      body: JSON.stringify(question),
    });
    expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
    expect((await fetch(model.url, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${model.url}/v1/other`)).status).toBe(404);
    expect(await say(model.url, "")).toContain("Hello");
    expect(model.requests.map((recorded) => recorded.mainLoop)).toEqual([false, false, false, false, true]);
    expect(model.requests[4]).toMatchObject({ method: "POST", path: "/v1/messages?beta=true", body: question });
  });

  test.each([
    { status: 401, type: "authentication_error", retry: "false", after: null },
    { status: 429, type: "rate_limit_error", retry: "true", after: "1" },
    { status: 500, type: "api_error", retry: "true", after: null },
    { status: 529, type: "overloaded_error", retry: "true", after: null },
  ])("fails with $status as the provider does", async ({ status, type, retry, after }) => {
    await using model = await startScriptedModel({ steps: [{ error: { status } }] });
    const answer = await ask(model.url, question);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("x-should-retry")).toBe(retry);
    expect(answer.headers.get("retry-after")).toBe(after);
    expect(await answer.json()).toMatchObject({ type: "error", error: { type, message: expect.any(String) } });
  });

  test("refuses, cuts and fails within a stream", async () => {
    await using model = await startScriptedModel({
      steps: [
        { refuse: true },
        { ...hello, cut: 30 },
        { ...hello, cut: "in-delta" },
        { ...hello, error: { status: 529, inStream: true } },
      ],
    });
    const stream = { ...question, stream: true };
    await expect(ask(model.url, stream)).rejects.toThrow("fetch failed");
    await expect((await ask(model.url, stream)).text()).rejects.toThrow("terminated");
    await expect((await ask(model.url, stream)).text()).rejects.toThrow("terminated");
    const failed = await (await ask(model.url, stream)).text();
    expect(failed).toMatch(/event: error\ndata: \{.*"overloaded_error".*\}\n\n$/);
    expect(failed).not.toContain("message_stop");
  });

  test("hangs until it is closed", async () => {
    const model = await startScriptedModel({ steps: [{ hang: "headers" }, { ...hello, hang: "body" }] });
    const first = ask(model.url, question, { "x-claude-code-session-id": "1" }).catch(() => "broken");
    while (model.requests.length === 0) {
      await new Promise((done) => {
        setImmediate(done);
      });
    }
    const second = await ask(model.url, { ...question, stream: true }, { "x-claude-code-session-id": "1" });
    const body = second.text().catch(() => "broken");
    await model[Symbol.asyncDispose]();
    expect(await Promise.all([first, body])).toEqual(["broken", "broken"]);
  });
});

describe("scenarios", () => {
  test("of this folder can all be read", async () => {
    const directory = join(import.meta.dirname, "scenarios");
    const files = await readdir(directory);
    expect(files).toContain("demo.json");
    for (const file of files) expect((await readScenario(join(directory, file))).steps.length).toBeGreaterThan(0);
  });

  test("may be YAML, and unknown words in them are refused", async () => {
    const directory = await mkdtemp(join(tmpdir(), "scenario-"));
    const file = join(directory, "one.yaml");
    await writeFile(file, "steps:\n  - content:\n      - { type: text, text: Hello }\n");
    expect((await readScenario(file)).steps[0]?.content).toMatchObject([{ text: "Hello" }]);
    await writeFile(file, "steps:\n  - contents: []\n");
    await expect(readScenario(file)).rejects.toThrow("contents");
    await rm(directory, { recursive: true });
  });
});

describe("main.ts", () => {
  test("serves a scenario on a socket until it is told to end", async () => {
    const directory = await mkdtemp(join(tmpdir(), "model-"));
    const socket = join(directory, "s");
    const scenario = join(import.meta.dirname, "scenarios/no-changes.json");
    const main = join(import.meta.dirname, "main.ts");
    const child = spawn(process.execPath, [main, "--scenario", scenario, "--socket", socket], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout, "data");
    expect(String(line)).toBe(`unix:${socket}\n`);
    const asked = request({ socketPath: socket, method: "POST", path: "/v1/messages" });
    asked.end(JSON.stringify(question));
    const [answer] = await once(asked, "response");
    expect(await text(answer)).toContain("There is nothing to change.");
    child.kill("SIGTERM");
    expect(await once(child, "close")).toEqual([0, null]);
    await rm(directory, { recursive: true });
  });
});
