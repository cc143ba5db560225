import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempDisposableSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/run-event.ts";
import { openAppendLog } from "../../src/store/append-log.ts";
import { openEventLog } from "../../src/store/event-log.ts";
import { parseEvent } from "../../src/store/parse-event.ts";
import type { StoredEvent } from "../../src/store/parse-event.ts";
import { readLines } from "../../src/store/read-lines.ts";

const temporary = () => mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));

async function collect(file: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const line of readLines(file)) {
    const event = parseEvent(line);
    if (event !== null) events.push(event);
  }
  return events;
}

const message = (seq: number, text = "hello"): RunEvent => ({
  v: 1,
  runId: "01AAAAAAAAAAAAAAAAAAAAAAAA",
  seq,
  ts: "2026-01-02T03:04:05.678Z",
  type: "message",
  data: { text },
});

/** 0 as long as it is not there: it is opened beside what is appended. */
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

describe("the event log", () => {
  it("gives back what was appended, in order, private to its owner", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "events.ndjson");
    await using log = openEventLog(file);
    const events = Array.from({ length: 5000 }, (_, index) => message(index + 1, "line\nbreak \u2028 ☃"));
    for (const event of events) log.append(event);
    await log.close();
    expect(await collect(file)).toEqual(events);
    expect(log.warning()).toBeNull();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("keeps to its limit, but for what must be told, and says so", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "events.ndjson");
    await using log = openEventLog(file, 1000);
    log.append(message(1, "x".repeat(800)));
    expect(log.warning()).toBeNull();
    log.append(message(2, "ä".repeat(100)));
    log.append(message(3, ""));
    const warning: RunEvent = { ...message(4), type: "warning", data: { code: "ODD", message: "odd" } };
    const error: RunEvent = { ...message(5), type: "error", data: { code: "BAD", message: "bad" } };
    log.append(warning);
    log.append(error);
    await log.close();
    expect((await collect(file)).map(({ seq }) => seq)).toEqual([1, 4, 5]);
    expect(log.warning()).toEqual({
      code: "LOG_INCOMPLETE",
      message: "events.ndjson is full: 2 of its entries were not kept.",
    });
  });

  it("holds little in memory when its writer waits until it is ready", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "events.ndjson");
    await using log = openEventLog(file);
    const event = message(1, "ä".repeat(100 * 1024));
    const bytes = Buffer.byteLength(JSON.stringify(event)) + 1;
    for (let index = 0; index < 50; index++) {
      log.append(event);
      await log.ready();
      expect((index + 1) * bytes - sizeOf(file)).toBeLessThanOrEqual(1024 * 1024);
    }
  });

  it("leaves out damaged lines and a torn last one, and passes on unknown types", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "events.ndjson");
    const unknown = { ...message(2), type: "from.the.future", data: { x: 1 } };
    const lines = [JSON.stringify(message(1)), "{garbage", "", '{"v":2}', JSON.stringify(unknown)];
    writeFileSync(file, `${lines.join("\n")}\n${JSON.stringify(message(3)).slice(0, -5)}`);
    expect(await collect(file)).toEqual([message(1), unknown]);
    appendFileSync(file, Buffer.from([0xff, 0xfe, 0x0a]));
    expect(await collect(file)).toHaveLength(2);
  });

  it("has no events where there is no file", async () => {
    expect(await collect("/does/not/exist")).toEqual([]);
  });

  it("can be read after a kill -9 in the middle of appends", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "events.ndjson");
    const source = `
      const { openEventLog } = await import(process.argv[1] + "/src/store/event-log.ts");
      const log = openEventLog(process.argv[2]);
      for (let seq = 1; ; seq++) {
        log.append({ v: 1, runId: "r", seq, ts: "t", type: "message", data: { text: "x".repeat(seq % 5000) } });
        if (seq % 10 === 0) await new Promise(setImmediate);
        if (seq === 2000) process.stdout.write("go");
      }
    `;
    const root = path.resolve(import.meta.dirname, "../..");
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, root, file]);
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const found = await collect(file);
    expect(found.length).toBeGreaterThan(0);
    expect(found.map(({ seq }) => seq)).toEqual(found.map((_, index) => index + 1));
  });

  it("does not stop the run when the disk is full, and says so", async () => {
    await using log = openAppendLog("/dev/full");
    log.append("one\n");
    log.append("two\n");
    await log.close();
    expect(log.warning()).toEqual({
      code: "LOG_INCOMPLETE",
      message: expect.stringMatching(/^full lacks 2 of its entries: ENOSPC/),
    });
  });

  it("does not stop the run when the file cannot be opened, and says so", async () => {
    await using log = openAppendLog("/does/not/exist/log");
    log.append("one\n");
    await log.close();
    log.append("late\n");
    expect(log.warning()?.message).toMatch(/^log lacks 1 of its entries: ENOENT/);
  });

  it("holds little in memory when its writer waits until it is ready", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "agent.ndjson");
    await using log = openAppendLog(file);
    const piece = Buffer.alloc(256 * 1024, 0x61);
    for (let index = 0; index < 100; index++) {
      log.append(piece);
      await log.ready();
      const unwritten = (index + 1) * piece.length - sizeOf(file);
      expect(unwritten).toBeLessThanOrEqual(1024 * 1024);
    }
    await log.close();
    expect(statSync(file).size).toBe(100 * piece.length);
  });
});
