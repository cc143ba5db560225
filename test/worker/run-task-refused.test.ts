import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { createRunner } from "../../src/worker/run-task.ts";
import { gitSettings, makeDirectory, makeRepository } from "../support/repository.ts";

const never = new AbortController().signal;

describe("a request that is wrong", () => {
  it("throws, starts no agent, ends what was prepared and leaves no record", async () => {
    using repository = makeRepository();
    using state = makeDirectory();
    repository.git("branch", "work");
    let started = false;
    let prepared: "open" | "disposed" | undefined;
    let base: unknown;
    const run = async function* (): AsyncGenerator<never> {
      started = true;
      yield* [];
    };
    const runner = createRunner({
      agent: {
        name: "test",
        prepare(preparation) {
          prepared = "open";
          preparation.base.catch((error: unknown) => (base = error));
          return {
            run,
            async [Symbol.asyncDispose]() {
              prepared = "disposed";
            },
          };
        },
        run,
      },
      executionMode: "cli",
      git: gitSettings,
      store: openStore(state.path),
      runtimeParent: state.path,
      redact: (text) => text,
    });
    const limits = { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 1_000 };
    const task = { runId: createUlid(), prompt: Buffer.from("x"), title: "x", agent: "test", model: undefined, limits };
    const request = {
      task,
      repository: repository.path,
      base: "HEAD",
      branch: "work",
      onBranchExists: "fail",
      warnings: [],
    } as const;
    await expect(runner(request, { signal: never, onEvent: () => {} })).rejects.toMatchObject({
      code: "BRANCH_EXISTS",
    });
    expect(started).toBe(false);
    // Else a silent engine would keep the process.
    expect(prepared).toBe("disposed");
    expect(base).toMatchObject({ code: "BRANCH_EXISTS" });
    expect(readdirSync(state.path)).toEqual(["runs"]);
    expect(readdirSync(join(state.path, "runs"))).toEqual([]);
  });
});
