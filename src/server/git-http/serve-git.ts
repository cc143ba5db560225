import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import type { GitSettings } from "../../git/git-environment.ts";
import { streamGit } from "../../git/run-git.ts";
import { ProblemError } from "../http/problem-error.ts";
import type { ServerLimits } from "../server-limits.ts";
import { buildBackendEnvironment } from "./backend-environment.ts";
import type { GitService } from "./backend-environment.ts";
import { limitBody } from "./limit-body.ts";
import { checkCommands } from "./parse-commands.ts";
import { parseCgi } from "./parse-cgi.ts";

export interface GitRequest {
  /** Whose key it is. */
  readonly owner: string;
  readonly directory: string;
  readonly service: GitService;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** A push asks for refs/inbox/<this>; whether it gets there is seen at its end. */
  readonly onCommand?: (id: string) => void;
  /** Aborted when the server goes away. */
  readonly closing: AbortSignal;
}

export interface GitParts {
  readonly git: GitSettings;
  readonly limits: Pick<
    ServerLimits,
    "pushBytes" | "fetchRequestBytes" | "pushIdleMs" | "gitProcesses" | "ownerGitProcesses"
  >;
}

export type ServeGit = (request: GitRequest) => Promise<void>;

/**
 * Hands a request of git's smart HTTP to `git http-backend` and its answer back, as both come. A client that goes away ends git.
 * Throws ProblemError as long as no answer has begun; TOO_MANY_REQUESTS where too many are served already.
 */
export function createGitServer(parts: GitParts): ServeGit {
  const { gitProcesses, ownerGitProcesses } = parts.limits;
  const running: string[] = [];
  return async (request) => {
    const own = running.filter((owner) => owner === request.owner).length;
    if (running.length >= gitProcesses || own >= ownerGitProcesses) {
      throw new ProblemError("TOO_MANY_REQUESTS", { headers: { "Retry-After": "1" } });
    }
    running.push(request.owner);
    try {
      await serve(parts, request);
    } finally {
      running.splice(running.indexOf(request.owner), 1);
    }
  };
}

async function serve(parts: GitParts, request: GitRequest): Promise<void> {
  const { directory, service, incoming, outgoing } = request;
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, request.closing]);
  const method = incoming.method === "POST" ? "POST" : "GET";
  const protocol = incoming.headers["git-protocol"]?.toString();
  const { pushBytes } = parts.limits;
  const environment = buildBackendEnvironment(parts.git, { directory, service, method, protocol, pushBytes });
  // Its first words are waited for: a push that is refused starts no git.
  const input = method === "POST" ? await begin(openBody(parts, request)) : undefined;
  const output = streamGit({ settings: parts.git }, ["http-backend"], {
    signal,
    cwd: directory,
    environment,
    ...(input === undefined ? {} : { input }),
  });
  const { status, headers, body } = await parseCgi(output);
  for await (const chunk of body) {
    // Only with the first of them, for until then a push may turn out to be too large.
    if (!outgoing.headersSent) outgoing.writeHead(status, headers);
    if (!outgoing.write(chunk)) await once(outgoing, "drain", { signal });
  }
  if (!outgoing.headersSent) outgoing.writeHead(status, headers);
  outgoing.end();
}

function openBody({ limits }: GitParts, { service, incoming, onCommand }: GitRequest): AsyncGenerator<Uint8Array> {
  const idleMs = limits.pushIdleMs;
  return service === "git-receive-pack"
    ? checkCommands(limitBody(incoming, { maxBytes: limits.pushBytes, idleMs }), onCommand)
    : limitBody(incoming, { maxBytes: limits.fetchRequestBytes, idleMs });
}

/** Waits for the first chunk and yields all of them. */
async function begin(chunks: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await chunks.next();
  return (async function* all() {
    if (first.done === true) return;
    yield first.value;
    yield* chunks;
  })();
}
