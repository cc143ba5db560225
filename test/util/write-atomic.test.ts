import { mkdirSync, mkdtempDisposableSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeAtomic } from "../../src/util/write-atomic.ts";

const temporary = () => mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));

describe("writeAtomic", () => {
  it("makes missing directories, replaces what was there and leaves nothing else", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "a", "b.json");
    await writeAtomic(file, "one");
    await writeAtomic(file, "two", 0o600);
    expect(readFileSync(file, "utf8")).toBe("two");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual(["b.json"]);
  });

  it("follows the umask where no mode is given", async () => {
    using directory = temporary();
    const [ours, plain] = ["ours", "plain"].map((name) => path.join(directory.path, name));
    await writeAtomic(ours ?? "", "");
    writeFileSync(plain ?? "", "");
    expect(statSync(ours ?? "").mode).toBe(statSync(plain ?? "").mode);
  });

  it("leaves nothing behind when it fails", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "taken");
    mkdirSync(file);
    await expect(writeAtomic(file, "one")).rejects.toThrow("EISDIR");
    expect(readdirSync(directory.path)).toEqual(["taken"]);
  });

  it("takes a name as long as the file system allows", async () => {
    using directory = temporary();
    const file = path.join(directory.path, `${"n".repeat(250)}.json`);
    await writeAtomic(file, "one");
    expect(readFileSync(file, "utf8")).toBe("one");
  });

  it("never shows a part to a reader, with many writers at once", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "shared");
    const contents = ["a", "b", "c"].map((letter) => letter.repeat(100_000));
    await writeAtomic(file, contents[0] ?? "");
    const writes = Promise.all(
      contents.flatMap((content) => Array.from({ length: 10 }, () => writeAtomic(file, content))),
    );
    for (let index = 0; index < 20; index++) {
      expect(contents).toContain(readFileSync(file, "utf8"));
      await new Promise(setImmediate);
    }
    await writes;
    expect(readdirSync(directory.path)).toEqual(["shared"]);
  });
});
