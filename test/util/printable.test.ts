import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { quoteForShell, toPrintable, toPrintableLines } from "../../src/util/printable.ts";

describe("printable text", () => {
  it("keeps what a terminal only shows", () => {
    const text = 'plain, ünïcode, 長い, ☃, 👩‍💻, \\x1b, "quotes"';
    expect(toPrintable(text)).toBe(text);
  });

  it("escapes whatever could drive the terminal, reorder the line or hide", () => {
    const all = [
      ...Array.from(
        "\0\u0007\b\t\n\r\u001B\u007F\u0085\u009B\u00AD\u061C\u200B\u200F\u2028\u202E\u2066\uFEFF\u{E0041}",
      ),
      "\ud800",
    ];
    const escaped = all.map(toPrintable);
    expect(escaped.every((text) => /^\\[xuUnrt][0-9a-f]*$/.test(text))).toBe(true);
    expect(escaped.slice(0, 7)).toEqual(["\\x00", "\\x07", "\\x08", "\\t", "\\n", "\\r", "\\x1b"]);
    expect(escaped.at(-2)).toBe("\\U000e0041");
  });

  it("keeps the lines of a text, with tabs as spaces", () => {
    expect(toPrintableLines("a\tb\r\nc\rd\n")).toBe("a    b\nc\\rd\n");
  });
});

describe("a word quoted for the shell", () => {
  it.each([
    "plain/path-1.ts",
    "",
    "two words",
    "it's",
    '$HOME `id` "x" \\ ; & | * ?',
    "-n",
    "長い",
    "a\n'b\\c\u001B\u202E",
  ])("is read back by bash as it was: %j", (word) => {
    const back = execFileSync("bash", ["--norc", "-c", `printf %s ${quoteForShell(word)}; printf .`], {
      env: { LC_ALL: "C.UTF-8", PATH: process.env["PATH"] },
    });
    expect(back.toString()).toBe(`${word}.`);
  });
});
