import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { optionList } from "../../src/config/options.ts";
import { createCapturedContext } from "../support/cli-context.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "config-command-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function runConfig(argv: string[], environment: Record<string, string> = {}) {
  const context = createCapturedContext({
    workingDirectory: directory,
    environment: { HOME: directory, PATH: process.env["PATH"], ...environment },
  });
  expect(await runProgram(["config", ...argv], context)).toBe(0);
  return context.written;
}

it("prints each setting with its origin, outside of a repository too", async () => {
  const { stdout } = await runConfig(["--model", "opus"], { AGENT_WORKER_TIMEOUT: "1h" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(optionList.map(({ key }) => key));
  expect(lines.find((line) => line.startsWith("model "))).toMatch(/^model +opus +--model$/);
  expect(lines.find((line) => line.startsWith("limits.timeout"))).toMatch(/ 1h +AGENT_WORKER_TIMEOUT$/);
  expect(lines.find((line) => line.startsWith("agent "))).toMatch(/ claude +default$/);
});

it("prints JSON with the values that the program works with", async () => {
  const { stdout } = await runConfig(["--json"], { AGENT_WORKER_TIMEOUT: "1h" });
  const settings = JSON.parse(stdout) as Record<string, unknown>;
  expect(Object.keys(settings)).toEqual(optionList.map(({ key }) => key));
  expect(settings["limits.timeout"]).toEqual({ value: 3_600_000, from: "environment", name: "AGENT_WORKER_TIMEOUT" });
  expect(settings["model"]).toEqual({ value: null, from: "default", name: null });
});

it("shows no secret, and no password of a URL", async () => {
  const environment = {
    ANTHROPIC_API_KEY: "hush-1",
    CLAUDE_SERVER_API_KEY: "hush-2",
    HTTPS_PROXY: "http://me:hush-3@proxy:1",
    HTTP_PROXY: "hush-4@proxy:2",
  };
  for (const argv of [[], ["--json"]]) {
    const { stdout, stderr } = await runConfig(argv, environment);
    expect(stdout + stderr).not.toContain("hush");
    expect(stdout).toContain("set");
    expect(stdout).toContain("***@proxy:1");
  }
});

it("tells warnings on stderr, and colours what was chosen where that is wanted", async () => {
  const { stdout, stderr } = await runConfig(["--server-api-key", "hush"], { FORCE_COLOR: "1" });
  expect(stderr).toContain("\u001b[33mwarning:\u001b[39m --server-api-key can be read");
  expect(stdout).toContain("\u001b[1mset");
  const plain = await runConfig(["--no-color", "--model", "x"], { FORCE_COLOR: "1" });
  expect(plain.stdout).not.toContain("\u001b");
});

it("trusts .env until git tracks it", async () => {
  execFileSync("git", ["init", "--quiet", directory]);
  writeFileSync(join(directory, ".env"), "ANTHROPIC_BASE_URL=http://elsewhere\n");
  expect((await runConfig([])).stdout).toContain("http://elsewhere");
  execFileSync("git", ["-C", directory, "add", ".env"]);
  const { stdout, stderr } = await runConfig([]);
  expect(stdout).not.toContain("http://elsewhere");
  expect(stderr).toContain("ANTHROPIC_BASE_URL is ignored, because this file is committed");
});

it("does not trust .env where git refuses to say whether it tracks it", async () => {
  execFileSync("git", ["init", "--quiet", directory]);
  writeFileSync(join(directory, ".env"), "ANTHROPIC_BASE_URL=http://elsewhere\n");
  writeFileSync(join(directory, ".git/index"), "no index");
  expect((await runConfig([])).stdout).not.toContain("http://elsewhere");
});
