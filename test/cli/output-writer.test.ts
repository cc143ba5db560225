import { once } from "node:events";
import { PassThrough } from "node:stream";
import { spawn } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";
import { createOutputWriter, formatNdjson } from "../../src/cli/output-writer.ts";

const never = new AbortController().signal;

it("waits for a slow reader, and goes on when it has caught up", async () => {
  const stream = new PassThrough({ highWaterMark: 10 });
  const output = createOutputWriter(stream);
  await output.ready(never);
  output.write("x".repeat(100));
  let isReady = false;
  const ready = output.ready(never).then(() => (isReady = true));
  await new Promise(setImmediate);
  expect(isReady).toBe(false);
  stream.resume();
  await ready;
});

it("waits no longer than it is told to", async () => {
  const output = createOutputWriter(new PassThrough({ highWaterMark: 10 }));
  output.write("x".repeat(100));
  await output.ready(AbortSignal.abort());
  expect(output.isGone).toBe(false);
});

it("does nothing more once its reader has gone", async () => {
  const stream = new PassThrough({ highWaterMark: 10 });
  const output = createOutputWriter(stream);
  output.write("x".repeat(100));
  const ready = output.ready(never);
  stream.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  await ready;
  output.write("late");
  await output.ready(never);
  await output.close();
  expect(output.isGone).toBe(true);
});

it("lets a process go on when the reader of its pipe goes away", async () => {
  const source = `
    const { createOutputWriter } = await import(process.argv[1] + "/src/cli/output-writer.ts");
    const output = createOutputWriter(process.stdout);
    while (!output.isGone) { output.write("line\\n".repeat(1000)); await output.ready(new AbortController().signal); await new Promise(setImmediate); }
    await output.close();
    process.stderr.write("went on");
  `;
  const root = path.resolve(import.meta.dirname, "../..");
  const child = spawn(process.execPath, ["--input-type=module", "-e", source, root]);
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  await once(child.stdout, "data");
  child.stdout.destroy();
  const [code] = await once(child, "close");
  expect([code, said]).toEqual([0, "went on"]);
});

it("writes a value as one line that no terminal obeys and every parser reads back", () => {
  const value = { text: "a\nb\u2028c\u009Bd\u202Ee\u{E0041}" };
  expect(formatNdjson(value)).toBe(`${String.raw`{"text":"a\nb\u2028c\u009bd\u202ee\udb40\udc41"}`}\n`);
  expect(JSON.parse(formatNdjson(value))).toEqual(value);
});
