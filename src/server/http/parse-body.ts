import { buildFieldError, ProblemError } from "./problem-error.ts";

/** The value of a JSON text that is no deeper and no wider than it may be and cannot meddle with prototypes. Throws BAD_REQUEST. */
export function parseBody(text: string, maxDepth: number): unknown {
  checkShape(text, maxDepth);
  const value = parse(text);
  refusePrototypes(value, "");
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the text, which may hold a secret.
    throw new ProblemError("BAD_REQUEST", { detail: "The body is not valid JSON." });
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);
const comma = 0x2c;
/** A body has far fewer. To look into millions of fields would keep the server from all its other work for seconds. */
const maxCommas = 1_000;

/** Before anything is built of it. */
function checkShape(text: string, maxDepth: number): void {
  let depth = 0;
  let commas = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) inString = !inString;
    else if (inString) at += code === backslash ? 1 : 0;
    else if (openers.has(code)) depth += 1;
    else if (closers.has(code)) depth -= 1;
    else if (code === comma) commas += 1;
    if (commas > maxCommas) {
      throw new ProblemError("BAD_REQUEST", { detail: `The body may hold ${maxCommas} values.` });
    }
    if (depth > maxDepth) {
      throw new ProblemError("BAD_REQUEST", { detail: `The body may be nested ${maxDepth} levels deep.` });
    }
  }
}

function refusePrototypes(value: unknown, pointer: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "__proto__") throw buildFieldError("BAD_REQUEST", `${pointer}/__proto__`, "There is no such field.");
    refusePrototypes(inner, `${pointer}/${escapePointer(name)}`);
  }
}

/** RFC 6901. */
export function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
