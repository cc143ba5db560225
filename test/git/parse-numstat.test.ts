import { describe, expect, test } from "vitest";
import { readNulFields } from "../../src/git/nul-fields.ts";
import { parseNumstat } from "../../src/git/parse-numstat.ts";

const ids = `${"1".repeat(40)} ${"2".repeat(40)}`;
const output = Buffer.from(
  [
    `:100644 100644 ${ids} M\0a\0`,
    `:100644 100644 ${ids} R086\0old\0new\0`,
    `:100644 000000 ${ids} D\0gone\0`,
    "1\t2\ta\0",
    "3\t4\t\0old\0new\0",
    "-\t-\tgone\0",
  ].join(""),
);

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const options = (maxFiles: number) => ({ maxFiles, onChange: async () => undefined });

describe("parseNumstat", () => {
  test("reads the same from chunks cut at any byte", async () => {
    const expected = {
      filesChanged: 3,
      insertions: 4,
      deletions: 6,
      truncated: false,
      files: [
        { path: "a", status: "modified", insertions: 1, deletions: 2, binary: false },
        { path: "new", from: "old", status: "renamed", insertions: 3, deletions: 4, binary: false },
        { path: "gone", status: "deleted", insertions: null, deletions: null, binary: true },
      ],
    };
    for (let size = 1; size <= output.length; size += 1) {
      expect(await parseNumstat(readNulFields(cut(output, size)), options(10))).toEqual(expected);
    }
  });

  test("counts on after the last file that it keeps", async () => {
    const stat = await parseNumstat(readNulFields(cut(output, 7)), options(1));
    expect(stat).toMatchObject({ filesChanged: 3, insertions: 4, deletions: 6, truncated: true });
    expect(stat.files.map(({ path }) => path)).toEqual(["a"]);
  });

  test("refuses output that ends in the middle of an entry", async () => {
    const broken = output.subarray(0, output.indexOf("\0old\0") + 1);
    await expect(parseNumstat(readNulFields(cut(broken, 9)), options(10))).rejects.toThrow("ended in the middle");
  });
});
