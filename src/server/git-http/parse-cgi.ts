import { WorkerError } from "../../core/worker-error.ts";

export interface CgiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

const maxHeadBytes = 16 * 1024;
/** The only ones that git http-backend sends besides Status. */
const passedOn = new Set(["content-type", "cache-control", "expires", "pragma"]);

/** Splits what a CGI program says (RFC 3875) into head and body. Throws GIT_FAILED where it is none of that. */
export async function parseCgi(output: AsyncIterable<Uint8Array>): Promise<CgiAnswer> {
  const chunks = output[Symbol.asyncIterator]();
  let begun = Buffer.alloc(0);
  for (;;) {
    const end = /\r?\n\r?\n/.exec(begun.toString("latin1", 0, maxHeadBytes));
    if (end !== null) {
      const head = begun.toString("latin1", 0, end.index);
      return { ...parseHead(head), body: follow(begun.subarray(end.index + end[0].length), chunks) };
    }
    const next = await chunks.next();
    if (next.done === true || begun.length > maxHeadBytes) {
      await chunks.return?.();
      throw new WorkerError("GIT_FAILED", "git http-backend gave no answer.");
    }
    begun = Buffer.concat([begun, next.value]);
  }
}

function parseHead(head: string): Pick<CgiAnswer, "status" | "headers"> {
  const fields = head.split(/\r?\n/).map((line) => {
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
  });
  const status = fields.find(({ name }) => name === "status")?.value;
  const headers = fields.filter(({ name }) => passedOn.has(name)).map(({ name, value }) => [name, value]);
  return { status: status === undefined ? 200 : Number.parseInt(status, 10), headers: Object.fromEntries(headers) };
}

async function* follow(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
