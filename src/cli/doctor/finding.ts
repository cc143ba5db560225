/** What one check found. `fail`: a run cannot work; `warn`: it may, but look at it. */
export interface Finding {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly text: string;
  /** The command, or else the sentence, that mends it. */
  readonly remedy: string | null;
}

export function ok(name: string, text: string, remedy: string | null = null): Finding {
  return { name, status: "ok", text, remedy };
}

export function warn(name: string, text: string, remedy: string | null = null): Finding {
  return { name, status: "warn", text, remedy };
}

export function fail(name: string, text: string, remedy: string | null = null): Finding {
  return { name, status: "fail", text, remedy };
}
