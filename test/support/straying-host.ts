import { readFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { runTestGit } from "./repository.ts";

const tls = new URL("../fixtures/tls/", import.meta.url).pathname;

export interface StrayingHost extends AsyncDisposable {
  readonly url: string;
  /** What was asked of the other place, with the Authorization that was shown there. */
  readonly strayed: readonly string[];
  /** How often a pack was asked for. */
  readonly fetches: number;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** A host of git that answers every fetch of `ref` with the address of another place to get a pack from, which nobody has asked it for. */
export async function startStrayingHost(
  repository: { readonly path: string },
  { ref, isSecure }: { readonly ref: string; readonly isSecure: boolean },
): Promise<StrayingHost> {
  const stack = new AsyncDisposableStack();
  const strayed: string[] = [];
  let fetches = 0;
  const start = async (listener: Listener): Promise<string> => {
    const certificate = { key: readFileSync(`${tls}localhost.key`), cert: readFileSync(`${tls}localhost.crt`) };
    const server = isSecure ? createServer(certificate, listener) : createPlainServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    stack.defer(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    return `${isSecure ? "https" : "http"}://localhost:${typeof address === "object" ? address?.port : ""}`;
  };
  const other = await start((request, response) => {
    strayed.push(`${request.url} ${request.headers.authorization}`);
    response.end("nothing");
  });
  const sha = runTestGit(repository.path, ["rev-parse", "HEAD"]).toString().trim();
  const pack = runTestGit(repository.path, ["pack-objects", "--revs", "--stdout", "-q"], `${sha}\n`);
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const isFetch = body.includes("command=fetch");
    if (isFetch) fetches += 1;
    const kind = request.method === "GET" ? "advertisement" : "result";
    response.setHeader("Content-Type", `application/x-git-upload-pack-${kind}`);
    if (request.method === "GET") response.end(Buffer.concat(advertisement));
    else if (isFetch)
      response.end(Buffer.concat([...(body.includes("done") ? [] : ready), ...answerFetch(`${other}/inside`, pack)]));
    else response.end(Buffer.concat([toPacket(`${sha} ${ref}\n`), flush]));
  };
  const url = await start((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => answer(request, response, body));
  });
  return {
    url,
    strayed,
    get fetches() {
      return fetches;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const flush = Buffer.from("0000");

const advertisement = [
  toPacket("# service=git-upload-pack\n"),
  flush,
  toPacket("version 2\n"),
  toPacket("ls-refs=unborn\n"),
  toPacket("fetch=shallow packfile-uris\n"),
  toPacket("object-format=sha1\n"),
  flush,
];

/** Enough was said of what the client has. */
const ready = [toPacket("acknowledgments\n"), toPacket("ready\n"), Buffer.from("0001")];

function answerFetch(uri: string, pack: Buffer): Buffer[] {
  const line = toPacket(`${"a".repeat(40)} ${uri}\n`);
  const content = toPacket(Buffer.concat([Buffer.from([1]), pack]));
  return [toPacket("packfile-uris\n"), line, Buffer.from("0001"), toPacket("packfile\n"), content, flush];
}

function toPacket(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}
