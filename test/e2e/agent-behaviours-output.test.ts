import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openImitation, working } from "../support/imitation.ts";
import type { Imitation, Played, Step } from "../support/imitation.ts";
import { expectUntouched } from "../support/imitation-world.ts";
import { canaryKey } from "../support/world.ts";

// What the agent's program prints, however damaged, large or misleading.

let imitation: Imitation;
beforeAll(async () => {
  imitation = await openImitation();
});
afterAll(() => imitation[Symbol.asyncDispose]());

const change: Step = { shell: "echo done > work.txt" };

function readMessages({ world, report }: Played): readonly Record<string, unknown>[] {
  return world
    .readEvents(report.runId)
    .filter(({ type }) => type === "message")
    .map(({ data }) => data);
}

test("invalid UTF-8, broken JSON, unknown types and lines that are no objects do not disturb what is around them", async () => {
  await using played = await imitation.play([
    { init: {} },
    { say: "Before." },
    { printBase64: Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x0a]).toString("base64") },
    { printBase64: Buffer.from('{"type":"assistant","bro\n').toString("base64") },
    { print: '{"type":"telemetry.v9","x":[1,2,{"y":null}]}\nnull\n[]\n42\n"text"\n\n\r\n{}\n{"type":7}\n' },
    { print: '{"type":"assistant","message":{"id":1}}\n{"type":"result"}\n' },
    { say: "After." },
    change,
    { result: {} },
  ]);
  expectUntouched(played);
  expect(played.report).toMatchObject({ outcome: "succeeded", usage: { turns: 2 } });
  expect(readMessages(played)).toEqual([{ text: "Before." }, { text: "After." }]);
});

test("a line of 5 MB is cut visibly and the next one is read", async () => {
  await using played = await imitation.play(working({ say: "x".repeat(5_000_000) }, { say: "After." }, change));
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  const [, long, after] = readMessages(played);
  expect(long).toMatchObject({ truncated: true, bytes: 5_000_000 });
  expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(256 * 1024);
  expect(after).toEqual({ text: "After." });
});

test("a line of 20 MB that never was a message is cut, and the next one is read", async () => {
  await using played = await imitation.play(
    working({ print: "z".repeat(1_000), times: 20_000 }, { print: "\n" }, { say: "After." }, change),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(readMessages(played).at(-1)).toEqual({ text: "After." });
});

test("50 MB of output and 5 MB on stderr lose no message", async () => {
  const unknown = `{"type":"telemetry","filler":"${"f".repeat(10_000)}"}\n`;
  await using played = await imitation.play(
    working(
      { print: unknown, times: 5_000 },
      { printError: `${"e".repeat(99)}\n`, times: 50_000 },
      { say: "After." },
      change,
    ),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(readMessages(played)).toEqual([{ text: "At work." }, { text: "After." }]);
  const directory = join(played.world.stateDirectory, "runs", played.report.runId);
  expect(statSync(join(directory, "stderr.log")).size).toBe(5_000_000);
});

test("a secret that the agent prints is stored nowhere, wherever the pieces were cut", async () => {
  const half = canaryKey.length / 2;
  await using played = await imitation.play(
    working(
      {
        printBase64: Buffer.from(`{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"`).toString(
          "base64",
        ),
      },
      { printBase64: Buffer.from(canaryKey.slice(0, half)).toString("base64") },
      { printBase64: Buffer.from(`${canaryKey.slice(half)} was it"}]}}\n`).toString("base64") },
      { shell: `echo ${Buffer.from(canaryKey).toString("base64")} > /tmp/b64` },
      change,
    ),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(readMessages(played)).toHaveLength(2);
  const { stateDirectory } = played.world;
  const stored = readdirSync(stateDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
  expect(stored).toContain("was it");
  expect(stored).not.toContain(canaryKey);
});
