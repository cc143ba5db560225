/** The last part of a text that may be endless. */
export interface Tail {
  push(text: string): void;
  /** At most `maxCharacters`, from a line's beginning where something was dropped. */
  read(): string;
}

export function createTail(maxCharacters: number): Tail {
  let kept = "";
  let dropped = false;
  return {
    push(text) {
      kept += text;
      if (kept.length <= maxCharacters) return;
      dropped = true;
      kept = kept.slice(-maxCharacters);
    },
    read() {
      if (!dropped) return kept.trim();
      return kept.slice(kept.indexOf("\n") + 1).trim();
    },
  };
}
