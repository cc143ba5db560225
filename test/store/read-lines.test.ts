import { appendFileSync, mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { readLines } from "../../src/store/read-lines.ts";

it("follows a file that grows, from before it is there until it is over", async () => {
  using directory = mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));
  const file = path.join(directory.path, "log");
  let isOver = false;
  const lines = readLines(file, { signal: new AbortController().signal, isOver: () => Promise.resolve(isOver) });
  const first = lines.next();
  appendFileSync(file, "one\ntw");
  expect((await first).value).toBe("one");
  appendFileSync(file, "o\n☃ unfinished");
  expect((await lines.next()).value).toBe("two");
  isOver = true;
  expect((await lines.next()).value).toBe("☃ unfinished");
  expect((await lines.next()).done).toBe(true);
});

it("ends with what there is when it is aborted", async () => {
  using directory = mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));
  const file = path.join(directory.path, "log");
  appendFileSync(file, "one\n");
  const controller = new AbortController();
  const lines = readLines(file, { signal: controller.signal, isOver: () => Promise.resolve(false) });
  expect((await lines.next()).value).toBe("one");
  controller.abort();
  expect((await lines.next()).done).toBe(true);
});
