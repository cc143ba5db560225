import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildImitationPrompt, openImitation, working } from "../support/imitation.ts";
import type { Imitation, PlayOptions, Step } from "../support/imitation.ts";
import { expectUntouched } from "../support/imitation-world.ts";

// How the agent's program starts and ends, beyond what the real one can be made to show.

let imitation: Imitation;
beforeAll(async () => {
  imitation = await openImitation();
});
afterAll(() => imitation[Symbol.asyncDispose]());

const change: Step = { shell: "echo done > work.txt" };

async function playToEnd(steps: readonly Step[], options?: PlayOptions) {
  await using played = await imitation.play(steps, options);
  expectUntouched(played);
  const { report, exitCode } = played;
  expect(report.exitCode).toBe(exitCode);
  return { report, exitCode, kept: report.branch === null ? [] : played.list(), warnings: played.warnings };
}

test.concurrent("an agent that hangs after its result is ended and judged by its result", async () => {
  const { report, kept } = await playToEnd([...working(change), { ignore: "SIGTERM" }, { hang: true }]);
  expect(report).toMatchObject({ outcome: "succeeded", reason: null });
  expect(kept).toContain("work.txt");
});

test.concurrent("an agent that ignores SIGTERM is killed when its time is up, and its work is kept", async () => {
  const steps: readonly Step[] = [{ init: {} }, change, { ignore: "SIGTERM" }, { hang: true }];
  const { report, kept } = await playToEnd(steps, { argv: ["--timeout", "5s"] });
  expect(report).toMatchObject({ outcome: "timed_out", reason: { code: "TIMEOUT_WALL" }, exitCode: 124 });
  expect(kept).toContain("work.txt");
});

test.concurrent("an agent that stops in the middle of a line has failed, whatever its exit code", async () => {
  const { report, kept } = await playToEnd([{ init: {} }, change, { print: '{"type":"result","subty' }, { exit: 0 }]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_NO_RESULT" }, exitCode: 1 });
  expect(kept).toContain("work.txt");
});

test.concurrent("an agent that ends with exit code 0 and no result has failed", async () => {
  const { report, kept } = await playToEnd([{ init: {} }, { say: "I am off." }, change]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_NO_RESULT" }, usage: { turns: 1 } });
  expect(kept).toContain("work.txt");
});

test.concurrent("a success that is followed by exit code 1 is no success", async () => {
  const { report, kept } = await playToEnd([...working(change), { exit: 1 }]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_ERROR" } });
  expect(report.reason?.message).toContain("exit code 1");
  expect(kept).toContain("work.txt");
});

test.concurrent("a success that is followed by a crash is no success", async () => {
  const { report, kept } = await playToEnd([...working(change), { signal: "SIGSEGV" }]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_ERROR" } });
  expect(report.reason?.message).toContain("SIGSEGV");
  expect(kept).toContain("work.txt");
});

test.concurrent("a success that says is_error is no success", async () => {
  const { report } = await playToEnd([{ init: {} }, change, { result: { is_error: true, result: "It went wrong." } }]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_ERROR" } });
  expect(report.reason?.message).toContain("It went wrong.");
});

test.concurrent("an agent that is killed from inside is told from one that ended", async () => {
  const { report, kept } = await playToEnd([{ init: {} }, change, { signal: "SIGKILL" }]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_KILLED" } });
  expect(kept).toContain("work.txt");
});

test.concurrent("an agent that only complains on stderr is quoted", async () => {
  const { report } = await playToEnd([{ printError: "cannot find my configuration\n" }, { exit: 3 }]);
  expect(report).toMatchObject({ outcome: "failed", reason: { code: "AGENT_NO_RESULT" }, branch: null });
  expect(report.reason?.message).toMatch(/exit code 3.*cannot find my configuration/s);
});

test.concurrent("an agent that never reads its prompt does not block the run", async () => {
  const filler: Step = { print: " ".repeat(8_000_000) };
  const { report, kept } = await playToEnd([filler], { argv: ["--model", "deaf"] });
  expect(report).toMatchObject({ outcome: "succeeded", reason: null });
  expect(kept).toContain("deaf.txt");
});

test.concurrent("a prompt of a megabyte arrives byte for byte", async () => {
  const noise = `${String.fromCodePoint(...Array.from({ length: 600 }, (_, index) => index + 1))}'"\`$(touch x)\\`;
  const steps = working(
    { print: `{"type":"${noise.repeat(1_000).replaceAll(/["\\\n]/g, "'")}"}\n` },
    { hashPrompt: "hash" },
  );
  await using played = await imitation.play(steps);
  expectUntouched(played);
  const prompt = Buffer.from(buildImitationPrompt(steps));
  expect(prompt.length).toBeGreaterThan(1_000_000);
  expect(played.show("hash")).toBe(createHash("sha256").update(prompt).digest("hex"));
});

test.concurrent("a program left in the background is ended before the work is collected", async () => {
  const { report, kept } = await playToEnd(
    working(
      { shell: "setsid bash -c 'while :; do echo more >> log.txt; done' > /dev/null 2>&1 &" },
      {
        shell:
          "(trap '' TERM HUP; setsid bash -c 'trap \"\" TERM; sleep 0.5; echo late > late.txt' &) > /dev/null 2>&1",
      },
      change,
    ),
  );
  expect(report).toMatchObject({ outcome: "succeeded" });
  expect(kept).toContain("work.txt");
  expect(kept).not.toContain("late.txt");
});

test.concurrent("an agent that touches nothing leaves no branch", async () => {
  await using played = await imitation.play(working());
  expectUntouched(played);
  expect(played.report).toMatchObject({ outcome: "no_changes", exitCode: 0, branch: null, stats: { commits: 0 } });
  expect(played.repository.git("branch", "--list", "work")).toBe("");
});
