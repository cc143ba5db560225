const longest = 120;

/**
 * Text from outside, for a message: in double quotes, on one line, cut to 120 characters, with everything escaped that
 * could move the cursor or reorder the line of a terminal (C0, C1, bidirectional marks, line separators).
 */
export function quote(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}...` : text;
  return JSON.stringify(cut).replaceAll(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
