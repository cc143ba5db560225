import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openConfigPlace } from "../support/config-place.ts";
import type { ConfigPlace } from "../support/config-place.ts";

let place: ConfigPlace;
beforeEach(async () => {
  place = await openConfigPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

describe("problems", () => {
  it("are told all at once, each with its origin", async () => {
    await place.writeGlobal("modle: x\nlimits:\n  timeout: soon\n  timeout: 3h\n");
    const first = await place.loadProblems({
      flags: { "--max-turns": ["many"] },
      environment: { AGENT_WORKER_MEMORY: "lots" },
    });
    const file = join(place.root, "xdg/agent-worker/config.yaml");
    expect(first).toContain(`${file}:4:3: "limits.timeout" is there twice`);
    expect(first).toContain('--max-turns: "many" is not a whole number from 1');
    expect(first).toContain('AGENT_WORKER_MEMORY: "lots" is not a size');
    await place.writeGlobal("modle: x\nlimits:\n  timeout: soon\n");
    const second = await place.loadProblems({ flags: { "--quiet": [], "--verbose": [] } });
    expect(second.split("\n")).toHaveLength(4);
    expect(second).toContain(`${file}:1:1: unknown key "modle". Did you mean model?`);
    expect(second).toContain(`${file}:3: limits.timeout "soon" is not a duration`);
    expect(second).toContain("--quiet: cannot be used together with --verbose");
  });

  it("name the modes there are, and what server mode needs", async () => {
    expect(await place.loadProblems({ flags: { "--execution-mode": ["cloud"] } })).toBe(
      '--execution-mode: must be cli or server, not "cloud"',
    );
    expect(await place.loadProblems({ environment: { AGENT_EXECUTION_MODE: "server" } })).toBe(
      "AGENT_EXECUTION_MODE: server mode needs the address of a task server: use --server-url or CLAUDE_SERVER_URL",
    );
    expect(await place.loadProblems({ flags: { "--server-url": ["ftp://me:secret@x"] } })).not.toContain("secret");
  });

  it("are told for certificates that are none, together with the others", async () => {
    const key = join(place.root, "key.pem");
    await writeFile(key, "-----BEGIN PRIVATE KEY-----\n");
    await writeFile(join(place.root, "empty.pem"), "");
    const message = await place.loadProblems({ flags: { "--ca-bundle": ["/nonexistent"], "--cpus": ["none"] } });
    expect(message).toContain("--ca-bundle: /nonexistent does not exist");
    expect(message).toContain("--cpus: ");
    expect(await place.loadProblems({ environment: { AGENT_WORKER_CA_BUNDLE: key } })).toBe(
      `AGENT_WORKER_CA_BUNDLE: ${key} holds a private key; only certificates belong there`,
    );
    expect(await place.loadProblems({ flags: { "--ca-bundle": ["../empty.pem"] } })).toContain("holds no certificate");
    expect(await place.loadProblems({ flags: { "--ca-bundle": [".."] } })).toContain("is not a regular file");
  });

  it.each([
    ["http://ann:hush@host", "must not hold a user"],
    ["http://host/?key=hush", "without a query"],
    ["host:80", "is not an http or https URL"],
  ])("are told for the model's endpoint %s", async (url, problem) => {
    const message = await place.loadProblems({ environment: { ANTHROPIC_BASE_URL: url } });
    expect(message).toMatch(/^ANTHROPIC_BASE_URL: /);
    expect(message).toContain(problem);
    expect(message).not.toContain("hush");
  });

  it.each([
    ["--max-turns", "0"],
    ["--max-turns", "1.5"],
    ["--max-cost", "0"],
    ["--max-cost", "-1"],
    ["--max-cost", "1e9"],
    ["--timeout", "30"],
    ["--timeout", "0s"],
    ["--memory", "0"],
    ["--cpus", "none"],
    ["--model", "--dangerous"],
    ["--model", "two words"],
    ["--base", ""],
    ["--image", "-v"],
    ["--report", "report.txt"],
    ["--output", "xml"],
    ["--server-url", "host:80"],
  ])("refuse %s %s", async (flag, value) => {
    expect(await place.loadProblems({ flags: { [flag]: [value] } })).toMatch(new RegExp(`^${flag}: `));
  });

  it("do not repeat secrets", async () => {
    await place.writeGlobal("credential:\n  apiKey: 'hush hush'\n");
    expect(await place.loadProblems()).not.toContain("hush");
    await place.writeGlobal("credential:\n  apiKey: {hush: hush\n");
    expect(await place.loadProblems()).not.toContain("hush");
  });

  it("escape what would act on the terminal", async () => {
    await place.writeProject('"\\e[2Jmodel": x\n');
    const message = await place.loadProblems();
    expect(message).toContain(String.raw`unknown key "\u001b[2Jmodel"`);
    expect(message).not.toContain("\u001b");
  });

  it("are told for files that are no configuration", async () => {
    await place.writeProject("just text");
    expect(await place.loadProblems()).toContain("must be a mapping");
    await place.writeProject("model: [a, b]");
    expect(await place.loadProblems()).toContain("model must be one value");
    await place.writeProject("limits: 3");
    expect(await place.loadProblems()).toContain("limits must be a mapping of its settings");
    await place.writeProject("base: &a x\nmodel: *a");
    expect(await place.loadProblems()).toContain("not an alias");
    await place.writeProject(`model: x # ${"x".repeat(300_000)}`);
    expect(await place.loadProblems()).toContain("is larger than 256 KiB");
    await place.writeProject(Buffer.from([0x6d, 0x3a, 0x20, 0xff]));
    expect(await place.loadProblems()).toContain("is not UTF-8 text");
    await place.writeProject("branch: mine");
    expect(await place.loadProblems()).toContain("branch cannot be set in a file; use --branch");
    await place.writeProject("# nothing\n");
    expect((await place.load()).config.model).toBeUndefined();
  });
});

describe("${NAME} in the global file", () => {
  it("is replaced, with a default where it is not set", async () => {
    await place.writeGlobal("model: ${A}-${B:-b}\nbase: x$${A}\nserver: {apiKey: '${KEY}'}\n");
    const { config } = await place.load({ environment: { A: "a", B: "", KEY: "k" } });
    expect([config.model, config.base, config.server.apiKey]).toEqual(["a-b", "x${A}", "k"]);
  });

  it("is a problem where the name is unknown or malformed", async () => {
    await place.writeGlobal("model: ${NOWHERE}\nagent: ${A B}\nbase: ${OPEN\n");
    const message = await place.loadProblems();
    expect(message).toContain("config.yaml:1:8: model: ${NOWHERE} is not set in the environment");
    expect(message).toContain("agent: only ${NAME}");
    expect(message).toContain("base: only ${NAME}");
  });
});
