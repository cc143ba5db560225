import { buildInboxRef, commitIdSchema } from "../../protocol/identifiers.ts";
import { ProblemError } from "../http/problem-error.ts";

const lengthBytes = 4;
/** `old new refs/inbox/new`, capabilities, options: far below. */
const maxLineBytes = 4 * 1024;
const maxCommands = 64;
/** Places where the client's own history is cut: a shallow clone of a history with many branches has thousands. */
const maxCuts = 100_000;

interface Seen {
  readonly ids: string[];
  cuts: number;
  isWhole: boolean;
}

/**
 * Passes the body of a git-receive-pack request on when its commands, which come first, are known to be allowed: each creates
 * `refs/inbox/<the id it pushes>`, which `onCommand` is told. Throws FORBIDDEN, BAD_REQUEST before anything is passed on.
 */
export async function* checkCommands(
  body: AsyncIterable<Uint8Array>,
  onCommand?: (id: string) => void,
): AsyncGenerator<Uint8Array> {
  const seen: Seen = { ids: [], cuts: 0, isWhole: false };
  const checked: Uint8Array[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    if (seen.isWhole) {
      yield chunk;
      continue;
    }
    rest = Buffer.concat([rest, chunk]);
    const end = checkLines(rest, seen);
    checked.push(rest.subarray(0, end));
    rest = rest.subarray(end);
    if (!seen.isWhole) continue;
    for (const id of seen.ids) onCommand?.(id);
    yield Buffer.concat([...checked, rest]);
  }
  if (!seen.isWhole) throw new ProblemError("BAD_REQUEST", { detail: "The push ends before its commands do." });
}

/** Looks at the lines that are there; answers where the first one begins that is not. */
function checkLines(bytes: Buffer, seen: Seen): number {
  let at = 0;
  while (!seen.isWhole && bytes.length >= at + lengthBytes) {
    const length = parseLength(bytes.toString("latin1", at, at + lengthBytes));
    if (length > 0 && bytes.length < at + length) break;
    seen.isWhole = length === 0;
    if (length > 0) countLine(bytes.toString("latin1", at + lengthBytes, at + length), seen);
    at += Math.max(length, lengthBytes);
  }
  return at;
}

function countLine(line: string, seen: Seen): void {
  const id = checkLine(line);
  if (id === null) seen.cuts += 1;
  else seen.ids.push(id);
  if (seen.ids.length <= maxCommands && seen.cuts <= maxCuts) return;
  throw new ProblemError("BAD_REQUEST", { detail: `A push may have ${maxCommands} commands and ${maxCuts} cuts.` });
}

/** Of a pkt-line, its own four bytes included; 0 is the end of the list. */
function parseLength(text: string): number {
  const length = /^[0-9a-f]{4}$/i.test(text) ? Number.parseInt(text, 16) : -1;
  if (length === 0 || (length > lengthBytes && length <= maxLineBytes)) return length;
  throw new ProblemError("BAD_REQUEST", { detail: "The push is malformed." });
}

function checkLine(line: string): string | null {
  // Where the client's own history is cut.
  if (/^shallow [0-9a-f]{40,64}\n?$/.test(line)) return null;
  const [command = ""] = line.split("\0", 1);
  const [, before = "", after = "", ref = ""] = /^([0-9a-f]+) ([0-9a-f]+) ([^\n]+)\n?$/.exec(command) ?? [];
  const isCommit = commitIdSchema.safeParse(after).success && !isZero(after);
  if (isCommit && (isZero(before) || before === after) && ref === buildInboxRef(after)) return after;
  throw new ProblemError("FORBIDDEN", { detail: "Only refs/inbox/<id of what is pushed> can be written." });
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
