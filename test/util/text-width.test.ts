import { expect, it } from "vitest";
import { cutEnd, cutMiddle, measureText, wrapText } from "../../src/util/text-width.ts";

it("measures as a terminal does", () => {
  const widths = { "": 0, abc: 3, é: 1, "e\u0301": 1, 長い: 4, "👩‍💻": 2, "🇩🇪": 2, "…✓✗→": 4, Ａ: 2, 한글: 4 };
  expect(Object.keys(widths).map(measureText)).toEqual(Object.values(widths));
});

it("cuts only what does not fit, and fills no more than the width", () => {
  for (const cut of [cutEnd, cutMiddle]) {
    for (const text of ["", "short", "src/components/a-long-name.ts", "長い名前/ファイル.ts", "👩‍💻".repeat(9)]) {
      for (let width = 0; width < 40; width++) {
        const result = cut(text, width);
        expect(measureText(result)).toBeLessThanOrEqual(width);
        expect(result === text).toBe(measureText(text) <= width);
      }
    }
  }
});

it("looks only at what may be shown of a text", () => {
  const long = "é".repeat(2 ** 24);
  expect(cutEnd(long, 10)).toBe(`${"é".repeat(9)}…`);
  expect(cutMiddle(long, 10)).toBe(`${"é".repeat(3)}…${"é".repeat(6)}`);
});

it("keeps the beginning, or the beginning and the end", () => {
  expect(cutEnd("src/components/name.ts", 10)).toBe("src/compo…");
  expect(cutMiddle("src/components/name.ts", 13)).toBe("src/…/name.ts");
});

it("breaks lines at spaces, and words that are too long", () => {
  expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrapText("a abcdefghij b", 4)).toEqual(["a", "abcd", "efgh", "ij b"]);
  expect(wrapText("", 5)).toEqual([""]);
  expect(wrapText("長い長い", 5)).toEqual(["長い", "長い"]);
});

it("takes the signs that a summary is made of for one column each", () => {
  expect(measureText("✓ Größe — 3 of 5 … •→✗")).toBe(22);
  expect(cutEnd("✓ Größe…", 5)).toBe("✓ Gr…");
  // A joiner makes one of two, however simple they are.
  expect(measureText("e\u0301")).toBe(1);
});
