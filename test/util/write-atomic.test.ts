import { execFile } from "node:child_process";
import { mkdirSync, mkdtempDisposableSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { writeAtomic } from "../../src/util/write-atomic.ts";

const execute = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
const temporary = () => mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));

describe("writeAtomic", () => {
  it("makes missing directories, replaces what was there and leaves nothing else", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "a", "b.json");
    writeAtomic(file, "one");
    writeAtomic(file, "two", 0o600);
    expect(readFileSync(file, "utf8")).toBe("two");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual(["b.json"]);
  });

  it("follows the umask where no mode is given", async () => {
    using directory = temporary();
    const [ours, plain] = ["ours", "plain"].map((name) => path.join(directory.path, name));
    writeAtomic(ours ?? "", "");
    writeFileSync(plain ?? "", "");
    expect(statSync(ours ?? "").mode).toBe(statSync(plain ?? "").mode);
  });

  it("leaves nothing behind when it fails", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "taken");
    mkdirSync(file);
    expect(() => writeAtomic(file, "one")).toThrow("EISDIR");
    expect(readdirSync(directory.path)).toEqual(["taken"]);
  });

  it("takes a name as long as the file system allows", async () => {
    using directory = temporary();
    const file = path.join(directory.path, `${"n".repeat(250)}.json`);
    writeAtomic(file, "one");
    expect(readFileSync(file, "utf8")).toBe("one");
  });

  it("never shows a part to a reader, with many writers at once", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "shared");
    const contents = ["a", "b", "c"].map((letter) => letter.repeat(100_000));
    writeAtomic(file, contents[0] ?? "");
    const program = `
      const [root, file, content] = process.argv.slice(1);
      const { writeAtomic } = await import(root + "/src/util/write-atomic.ts");
      for (let count = 0; count < 200; count += 1) writeAtomic(file, content.repeat(100_000));
    `;
    const write = (letter: string) =>
      execute(process.execPath, ["--input-type=module", "-e", program, root, file, letter]);
    const writing = { isOver: false };
    const written = Promise.all(["a", "b", "c"].map(write)).finally(() => (writing.isOver = true));
    while (!writing.isOver) {
      expect(contents).toContain(readFileSync(file, "utf8"));
      await new Promise(setImmediate);
    }
    await written;
    expect(readdirSync(directory.path)).toEqual(["shared"]);
  });
});
