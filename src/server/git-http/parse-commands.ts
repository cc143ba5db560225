import { buildInboxRef, commitIdSchema } from "../../protocol/identifiers.ts";
import { ProblemError } from "../http/problem-error.ts";

const lengthBytes = 4;
/** `old new refs/inbox/new`, capabilities, options: far below. */
const maxLineBytes = 4 * 1024;
const maxLines = 64;

/**
 * Passes the body of a git-receive-pack request on when its commands, which come first, are known to be allowed: each creates
 * `refs/inbox/<the id it pushes>`, which `onCommand` is told. Throws FORBIDDEN, BAD_REQUEST before anything is passed on.
 */
export async function* checkCommands(
  body: AsyncIterable<Uint8Array>,
  onCommand?: (id: string) => void,
): AsyncGenerator<Uint8Array> {
  let begun = Buffer.alloc(0);
  let ids: readonly string[] | null = null;
  for await (const chunk of body) {
    if (ids !== null) {
      yield chunk;
      continue;
    }
    begun = Buffer.concat([begun, chunk]);
    ids = checkLines(begun);
    if (ids === null) continue;
    for (const id of ids) onCommand?.(id);
    yield begun;
  }
  if (ids === null) throw new ProblemError("BAD_REQUEST", { detail: "The push ends before its commands do." });
}

/** The ids that are pushed; null: more bytes are needed to say. */
function checkLines(bytes: Buffer): readonly string[] | null {
  const ids: string[] = [];
  let at = 0;
  for (let count = 0; count < maxLines; count += 1) {
    if (bytes.length < at + lengthBytes) return null;
    const length = parseLength(bytes.toString("latin1", at, at + lengthBytes));
    if (length === 0) return ids;
    if (bytes.length < at + length) return null;
    const id = checkLine(bytes.toString("latin1", at + lengthBytes, at + length));
    if (id !== null) ids.push(id);
    at += length;
  }
  throw new ProblemError("BAD_REQUEST", { detail: `A push may have ${maxLines} commands.` });
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
