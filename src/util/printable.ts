/**
 * Text from outside on one line of a terminal: whatever could move the cursor, change colours, reorder the line or hide
 * in it (C0, C1, format and bidirectional characters, line separators, lone surrogates) is shown as an escape, `\x1b`.
 * The joiner within emoji stays.
 */
export function toPrintable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\u200d" ? character : escapeCharacter(character),
  );
}

/** The same for text of several lines: newlines stay, tabs become spaces, carriage returns at line ends go. */
export function toPrintableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => toPrintable(line.replaceAll("\t", "    ")))
    .join("\n");
}

/**
 * A word as a POSIX shell reads it back, safe to show; with characters that cannot be shown, as bash, zsh and ksh read it.
 */
export function quoteForShell(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  const printable = toPrintable(word);
  if (printable === word) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  return `$'${toPrintable(word.replace(/[\\']/g, String.raw`\$&`))}'`;
}

const named = new Map([
  ["\n", String.raw`\n`],
  ["\r", String.raw`\r`],
  ["\t", String.raw`\t`],
]);

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return named.get(character) ?? String.raw`\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? String.raw`\u${hex.padStart(4, "0")}` : String.raw`\U${hex.padStart(8, "0")}`;
}
