const maxTitleCharacters = 72;

/** The first line that says something, at most 72 characters, on one line whatever it holds. */
export function buildTitle(prompt: Uint8Array): string {
  const lines = Buffer.from(prompt.subarray(0, 16_384)).toString().split("\n");
  const line = lines.map((text) => text.replace(/[\p{C}\s]+/gu, " ").trim()).find((text) => text !== "") ?? "";
  if (line.length <= maxTitleCharacters) return line;
  return `${line
    .slice(0, maxTitleCharacters - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}
