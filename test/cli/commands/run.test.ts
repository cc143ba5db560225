import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runProgram } from "../../../src/cli/program.ts";
import type { RunRequest } from "../../../src/core/runner.ts";
import { WorkerError } from "../../../src/core/worker-error.ts";
import { createCapturedContext } from "../../support/cli-context.ts";
import { makeRepository } from "../../support/repository.ts";

const two = { ANTHROPIC_API_KEY: "k", CLAUDE_CODE_OAUTH_TOKEN: "t" };

function openContext(directory: string, variables: Record<string, string> = {}) {
  const requests: RunRequest[] = [];
  const context = createCapturedContext({
    workingDirectory: directory,
    environment: { HOME: directory, PATH: process.env["PATH"], ...variables },
    buildRunner: (config) =>
      config.agent === "claude"
        ? Promise.resolve((request) => {
            requests.push(request);
            return Promise.reject(new WorkerError("BRANCH_EXISTS", "Taken."));
          })
        : Promise.reject(new WorkerError("AGENT_UNKNOWN", "There is no such agent.")),
  });
  return { context, requests };
}

describe("a dry run", () => {
  it("fails where the run would", async () => {
    using repository = makeRepository();
    const { context } = openContext(repository.path);
    const argv = ["--task", "x", "--dry-run", "--agent", "nope"];
    await expect(runProgram(argv, context)).rejects.toMatchObject({ code: "AGENT_UNKNOWN" });
    expect(context.written.stdout).toBe("");
  });

  it("tells the configuration's warnings, unless it is to be quiet", async () => {
    using repository = makeRepository();
    for (const [flags, expected] of [
      [[], /^warning: Two credentials .* \(CREDENTIAL_AMBIGUOUS\)\n$/],
      [["--quiet"], /^$/],
    ] as const) {
      const { context } = openContext(repository.path, two);
      expect(await runProgram(["--task", "x", "--dry-run", ...flags], context)).toBe(0);
      expect(context.written.stderr).toMatch(expected);
      expect(context.written.stdout).toContain("Dry run: nothing was started or written.");
    }
  });
});

describe("a run", () => {
  it("is handed the configuration's warnings, and tells them itself", async () => {
    using repository = makeRepository();
    const { context, requests } = openContext(repository.path, two);
    await expect(runProgram(["--task", "x"], context)).rejects.toMatchObject({ code: "BRANCH_EXISTS" });
    expect(requests).toMatchObject([{ warnings: [{ code: "CREDENTIAL_AMBIGUOUS" }] }]);
    expect(context.written.stderr).toBe("");
  });

  it("that cannot be begun tells them, for they may be the reason", async () => {
    using repository = makeRepository();
    repository.commit({ ".env": "ANTHROPIC_BASE_URL=http://evil\n" });
    writeFileSync(join(repository.path, ".env"), "ANTHROPIC_BASE_URL=http://evil\n");
    const { context } = openContext(repository.path);
    const run = runProgram(["--task", "x", "--agent", "nope"], context);
    await expect(run).rejects.toMatchObject({ code: "AGENT_UNKNOWN" });
    expect(context.written.stderr).toContain("SETTING_UNTRUSTED");
  });
});
