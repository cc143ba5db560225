import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";

const tls = new URL("../fixtures/tls/", import.meta.url).pathname;
/** What signs the host. */
export const hostCertificate = join(tls, "localhost.crt");

export interface GitHost extends AsyncDisposable {
  /** `https://localhost:PORT`; a repository is a path below it. */
  readonly url: string;
  readonly port: number;
  /** The paths that were asked for, with their headers. */
  readonly requests: readonly { readonly path: string; readonly headers: IncomingMessage["headers"] }[];
}

/** Serves the repositories below `root` to everybody, over HTTPS; `/moved/...` leads there by a redirect, `/private/...` asks for a password. */
export async function startGitHost(root: string): Promise<GitHost> {
  const requests: { path: string; headers: IncomingMessage["headers"] }[] = [];
  const certificate = { key: readFileSync(join(tls, "localhost.key")), cert: readFileSync(hostCertificate) };
  const server = createServer(certificate, (request, response) => {
    const path = request.url ?? "";
    requests.push({ path, headers: request.headers });
    if (path.startsWith("/private/")) response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end();
    else if (path.startsWith("/moved/")) response.writeHead(302, { Location: path.replace("/moved", "") }).end();
    else serve(root, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `https://localhost:${port}`,
    port,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** git's own CGI program. */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    const headers = answer
      .subarray(0, end)
      .toString("latin1")
      .split("\r\n")
      .map((line) => line.split(": "));
    const status = headers.find(([name]) => name === "Status")?.[1];
    for (const [name = "", value = ""] of headers) if (name !== "Status") response.setHeader(name, value);
    response.writeHead(Number(status?.slice(0, 3) ?? 200)).end(answer.subarray(end + 4));
  });
}
