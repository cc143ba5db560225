import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readPrompt } from "../../src/cli/read-prompt.ts";
import { buildTitle } from "../../src/util/title.ts";
import { makeDirectory } from "../support/repository.ts";

const never = new AbortController().signal;

function read(taskFile: string, { stdin = new PassThrough(), signal = never } = {}): Promise<Uint8Array> {
  return readPrompt({ task: undefined, taskFile }, { stdin, signal });
}

function makePipe(directory: string): string {
  const pipe = join(directory, "pipe");
  execFileSync("sh", ["-c", 'mkfifo "$0"', pipe]);
  return pipe;
}

const bytes = Buffer.from([0x41, 0xff, 0x0d, 0x0a, 0xef, 0xbb, 0xbf]);

describe("a task", () => {
  it("is read byte for byte from a file, from stdin, and from a named pipe whose writer comes later", async () => {
    using directory = makeDirectory();
    writeFileSync(join(directory.path, "task.md"), bytes);
    expect(await read(join(directory.path, "task.md"))).toEqual(bytes);
    const stdin = new PassThrough();
    stdin.end(bytes);
    expect(await read("-", { stdin })).toEqual(bytes);
    const pipe = makePipe(directory.path);
    const reading = read(pipe);
    // Opening it for writing waits for the reader.
    const writer = createWriteStream(pipe);
    await once(writer, "open");
    writer.write(bytes.subarray(0, 2));
    writer.end(bytes.subarray(2));
    expect(await reading).toEqual(bytes);
  });

  it("is not waited for after a signal", async () => {
    using directory = makeDirectory();
    const pipe = makePipe(directory.path);
    for (const file of ["-", pipe]) {
      const abort = new AbortController();
      const reading = read(file, { signal: abort.signal });
      abort.abort("SIGTERM");
      await expect(reading).rejects.toBe("SIGTERM");
    }
  });

  it("that never ends is not read to its end", async () => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    let given = 0;
    const stdin = new PassThrough({
      read() {
        given += 1;
        this.push(chunk);
      },
    });
    await expect(read("-", { stdin })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("16 MiB"),
    });
    expect(given).toBeLessThan(40);
  });

  it("that cannot be read is a wrong request", async () => {
    using directory = makeDirectory();
    await expect(read(join(directory.path, "none"))).rejects.toMatchObject({ code: "USAGE" });
    await expect(read(directory.path)).rejects.toMatchObject({ code: "USAGE" });
  });
});

it("a title is the first line that says something", () => {
  expect(buildTitle(Buffer.from("\n \u001B\n  Fix\tit \nplease"))).toBe("Fix it");
});
