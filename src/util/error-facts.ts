/** The text of anything that was thrown. */
export function readMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code that Node puts on a system error, `ENOENT`; undefined where there is none. */
export function readCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether the words of a program say that there was no space left. */
export function isDiskFull(words: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(words);
}
