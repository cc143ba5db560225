/** One column each, and none joins another: ASCII, Latin-1, and the signs that we draw ourselves. */
const simple = /^[ -~\u00a1-\u00ac\u00ae-\u00ff–—…•→✓✗]*$/;
/** East Asian wide and full-width characters, and what is drawn as an emoji by default. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
/** Made when it is first needed: that takes 5 ms. */
let segmenter: Intl.Segmenter | undefined;

/** How many columns of a terminal a printable text takes. */
export function measureText(text: string): number {
  if (simple.test(text)) return text.length;
  return splitGraphemes(text).reduce((sum, grapheme) => sum + measureGrapheme(grapheme), 0);
}

/** The text if it fits, else its beginning and `…`. */
export function cutEnd(text: string, width: number): string {
  const start = text.slice(0, countUnits(width));
  if (start.length === text.length && measureText(text) <= width) return text;
  return width < 1 ? "" : `${takeColumns(splitGraphemes(start), width - 1)}…`;
}

/** The text if it fits, else its beginning, `…` and its end, which says more of a path: it gets two thirds. */
export function cutMiddle(text: string, width: number): string {
  const units = countUnits(width);
  if (text.length <= units && measureText(text) <= width) return text;
  if (width < 5) return cutEnd(text, width);
  const headWidth = Math.floor((width - 1) / 3);
  const head = takeColumns(splitGraphemes(text.slice(0, units)), headWidth);
  const tail = takeColumns(splitGraphemes(text.slice(-units)).toReversed(), width - 1 - headWidth, "end");
  return `${head}…${tail}`;
}

/** Lines of at most `width` columns, broken at spaces; a longer word is broken where the line ends. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (measureText(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = breakWord(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? "";
  }
  return [...lines, line];
}

function breakWord(word: string, width: number): string[] {
  const pieces: string[] = [""];
  let used = 0;
  for (const grapheme of splitGraphemes(word)) {
    const columns = measureGrapheme(grapheme);
    if (used > 0 && used + columns > width) {
      pieces.push("");
      used = 0;
    }
    pieces.push(`${pieces.pop() ?? ""}${grapheme}`);
    used += columns;
  }
  return pieces;
}

/** More of a text is not looked at: an emoji has about ten units to its two columns, and a text may have millions. */
function countUnits(width: number): number {
  return 16 * Math.max(0, width) + 64;
}

function takeColumns(graphemes: readonly string[], width: number, side: "start" | "end" = "start"): string {
  let taken = "";
  let used = 0;
  for (const grapheme of graphemes) {
    used += measureGrapheme(grapheme);
    if (used > width) break;
    taken = side === "start" ? taken + grapheme : grapheme + taken;
  }
  return taken;
}

function measureGrapheme(grapheme: string): number {
  if (/^\p{M}+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

function splitGraphemes(text: string): string[] {
  if (simple.test(text)) return text.split("");
  return Array.from(
    (segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })).segment(text),
    ({ segment }) => segment,
  );
}
