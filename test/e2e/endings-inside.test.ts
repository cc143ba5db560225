import { describe, expect, it } from "vitest";
import { createWorld } from "../support/world.ts";
import { bash, expectTidy, say, write } from "./tidy.ts";

const task = ["--task", "Write it", "--branch", "work"];

describe("an agent that runs out of memory", () => {
  it("in a program it started goes on, for the agent itself is not killed", async () => {
    const allocate = bash("node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))'; echo ended with $?");
    await using world = await createWorld({
      scenario: { steps: [write("partial.txt"), allocate, say("It is done.")] },
    });
    const result = await world.runTask([...task, "--memory", "512m"]);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "succeeded", reason: null });
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });

  it("in such a way that the agent CLI is the victim is told so, and the partial work is kept", async () => {
    // The kernel chooses the process with the highest score.
    const volunteer = "echo 1000 > /proc/$PPID/oom_score_adj";
    const allocate = "node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))'";
    const steps = [write("partial.txt"), bash(`${volunteer} && ${allocate}`)];
    await using world = await createWorld({ scenario: { steps } });
    const result = await world.runTask([...task, "--memory", "512m"]);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "failed", exitCode: 1, reason: { code: "AGENT_OUT_OF_MEMORY" } });
    expect(result.report.reason?.hint).toContain("--memory");
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });
});
