import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openRuntimeDirectory } from "../../src/worker/runtime-directory.ts";
import { makeDirectory } from "../support/repository.ts";

it("a runtime directory is the caller's alone, and is gone with all that is in it when it is disposed", async () => {
  using parent = makeDirectory();
  const directory = openRuntimeDirectory(parent.path);
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
  writeFileSync(join(directory.path, "socket"), "");
  await directory[Symbol.asyncDispose]();
  expect(existsSync(directory.path)).toBe(false);
});

it("a parent that is too long a path for sockets is refused, and nothing is left in it", async () => {
  using parent = makeDirectory();
  const deep = join(parent.path, "x".repeat(90));
  mkdirSync(deep);
  expect(() => openRuntimeDirectory(deep)).toThrow(expect.objectContaining({ code: "STATE_UNWRITABLE" }));
  expect(readdirSync(deep)).toEqual([]);
});

it("a parent that does not exist is told", async () => {
  expect(() => openRuntimeDirectory("/nonexistent")).toThrow(expect.objectContaining({ code: "STATE_UNWRITABLE" }));
});
