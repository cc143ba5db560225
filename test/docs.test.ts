import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { optionList } from "../src/config/options.ts";
import { errorTable } from "../src/core/error-table.ts";
import { problemTable } from "../src/protocol/problem.ts";

const root = new URL("..", import.meta.url).pathname;

function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

/** The sections of a Markdown text by heading: `## CODE`. */
function readSections(text: string): Map<string, string> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")).trim(), part.slice(part.indexOf("\n") + 1)]));
}

describe("docs/errors.md", () => {
  const [errors = "", warnings = ""] = read("docs/errors.md").split(/^# Warnings$/m);

  it("has a section for each error, and for nothing else", () => {
    expect([...readSections(errors).keys()].toSorted()).toEqual(Object.keys(errorTable).toSorted());
  });

  it("states the exit code of each error, and whether to try again", () => {
    const stated = [...readSections(errors)].map(([code, text]) => [code, /^Exit \d+(, retry)?\./.exec(text)?.[0]]);
    const expected = Object.entries(errorTable).map(([code, { exit, retryable }]) => [
      code,
      `Exit ${exit}${retryable ? ", retry" : ""}.`,
    ]);
    expect(Object.fromEntries(stated)).toEqual(Object.fromEntries(expected));
  });

  it("has a section for each warning in the code, and for nothing else", () => {
    const sources = globSync(["src/**/*.ts", "docker/entry/**/*.mjs"], { cwd: root }).map(read).join("\n");
    const named = [...sources.matchAll(/(?:\bcode: |Warning\(\s*)"([A-Z][A-Z_]+)"/g)].map(([, code = ""]) => code);
    const codes = new Set(named.filter((code) => !(code in errorTable) && !(code in problemTable)));
    expect([...readSections(warnings).keys()].toSorted()).toEqual([...codes].toSorted());
  });
});

describe("docs/configuration.md", () => {
  const file = "docs/configuration.md";
  const flags = optionList.flatMap((option) => option.flags.map(({ name }) => name));
  const variables = optionList.flatMap((option) => option.environment.map(({ name }) => name));

  // What users and scripts rely on: none of these may go.
  const promised = {
    flags: `--task --task-file --repo --base --branch --on-branch-exists --execution-mode --server-url --server-api-key
      --agent --model --max-turns --max-cost --timeout --image --base-image --build-network --ca-bundle --cpus --memory --pids
      --output --report --dry-run --verbose --quiet --no-color`.split(/\s+/),
    variables:
      `AGENT_WORKER_REPO AGENT_WORKER_BASE AGENT_EXECUTION_MODE CLAUDE_SERVER_URL CLAUDE_SERVER_API_KEY AGENT_WORKER_AGENT
      AGENT_WORKER_MODEL AGENT_WORKER_MAX_TURNS AGENT_WORKER_MAX_COST AGENT_WORKER_TIMEOUT AGENT_WORKER_IMAGE AGENT_WORKER_BASE_IMAGE
      AGENT_WORKER_BUILD_NETWORK AGENT_WORKER_CA_BUNDLE AGENT_WORKER_CPUS AGENT_WORKER_MEMORY AGENT_WORKER_PIDS AGENT_WORKER_OUTPUT
      AGENT_WORKER_STATE_DIR NO_COLOR FORCE_COLOR ANTHROPIC_API_KEY CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CODE_TOKEN
      ANTHROPIC_BASE_URL`.split(/\s+/),
  };

  it.each([...new Set([...promised.flags, ...flags])])("describes the flag %s", (flag) => {
    expect(read(file)).toMatch(new RegExp(String.raw`${flag}\b(?!-)`));
  });

  it.each([...new Set([...promised.variables, ...variables])])("describes the variable %s", (variable) => {
    expect(read(file)).toMatch(new RegExp(String.raw`\b${variable}\b`));
  });

  it("names no variable of agent-worker that does not exist", () => {
    const named = new Set(read(file).match(/\bAGENT_WORKER_[A-Z_]*[A-Z]\b/g));
    expect([...named].filter((name) => !variables.includes(name))).toEqual([]);
  });
});

describe("README.md, CONTRIBUTING.md and AGENTS.md", () => {
  it("name npm scripts that exist", () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
    const named = [...readTexts().matchAll(/npm (?:run (?:-s )?([\w:]+)|(test)\b)/g)].map(
      ([, run, test]) => run ?? test ?? "",
    );
    expect(named).toContain("demo");
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("name commands and flags that --help knows", () => {
    const lines = [...readTexts().matchAll(/^(?:\$ |npx )?agent-worker +([^\n#]*)/gm)].map(([, line = ""]) => line);
    const words = lines.flatMap((line) => line.replaceAll(/"[^"]*"/g, "").split(/\s+/)).filter((word) => word !== "");
    const named = new Set(
      words.filter((word, index) => word.startsWith("--") || (index === 0 && /^[a-z]+$/.test(word))),
    );
    const pages = ["", "run", "runs", "image", "config", "serve", "runs submit", "runs collect"];
    const help = pages
      .map((page) => `${page} --help`.trim())
      .map(askHelp)
      .join("\n");
    expect([...named].filter((word) => !help.includes(word))).toEqual([]);
  });
});

function readTexts(): string {
  return ["README.md", "CONTRIBUTING.md", "AGENTS.md"].map(read).join("\n");
}

function askHelp(args: string): string {
  return execFileSync(process.execPath, [`${root}bin/agent-worker.js`, ...args.split(" ")], { encoding: "utf8" });
}
