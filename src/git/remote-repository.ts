import { WorkerError } from "../core/worker-error.ts";
import { buildGitEnvironment } from "./git-environment.ts";
import type { GitConfiguration, GitSettings } from "./git-environment.ts";
import { buildOnlyOrigin } from "./only-origin.ts";

/** A repository on a task server, as git reaches it over HTTP. */
export interface RemoteRepository {
  /** `https://host/api/v1/repositories/<key>.git`, without a user. */
  readonly url: string;
  /** The value of the Authorization header; undefined: none is sent. */
  readonly authorization: string | undefined;
  /** undefined: a direct connection, whatever the environment says. May hold a password. */
  readonly proxyUrl: string | undefined;
  /** File with all certificates to trust (PEM); undefined: those of the system. */
  readonly certificates: string | undefined;
}

/**
 * The whole environment of a git that speaks to a task server. It works in a repository of our own (never in the user's, whose
 * configuration could send the key elsewhere); the key is in no argument and in no file; no helper, no .netrc is asked.
 */
export function buildRemoteEnvironment(
  settings: GitSettings,
  remote: RemoteRepository,
  configuration: GitConfiguration = [],
): Readonly<Record<string, string>> {
  const { url, authorization, proxyUrl, certificates } = remote;
  const own: GitConfiguration = [
    ...buildOnlyOrigin(url, {
      proxyUrl,
      header: authorization === undefined ? undefined : `Authorization: ${authorization}`,
    }),
    // With the first request, as all others of ours do: some proxies close the connection when they ask for it.
    ["http.proxyAuthMethod", "basic"],
    ["http.followRedirects", "false"],
    // A connection that carries nothing for a minute is dead.
    ["http.lowSpeedLimit", "1"],
    ["http.lowSpeedTime", "60"],
    ["protocol.version", "2"],
    ...(certificates === undefined ? [] : [["http.sslCAInfo", certificates] as const]),
    ...configuration,
  ];
  return {
    ...buildGitEnvironment(settings, own),
    HOME: "/nonexistent",
    GIT_ALLOW_PROTOCOL: url.startsWith("https:") ? "https" : "http",
  };
}

/** What the words of a git that spoke to a server mean. Other errors are passed on as they are. */
export function toRemoteError(error: unknown, { url }: RemoteRepository): unknown {
  if (!(error instanceof WorkerError) || error.code !== "GIT_FAILED") return error;
  const { message } = error;
  const host = new URL(url).host;
  const failed = (code: ConstructorParameters<typeof WorkerError>[0], what: string): WorkerError =>
    new WorkerError(code, `${host} ${what}: ${message}`, { cause: error });
  if (/returned error: 401|Authentication failed|could not read Username/i.test(message)) {
    return failed("SERVER_KEY", "does not take the key");
  }
  if (/returned error: 3\d\d|unable to update url base from redirection/i.test(message)) {
    return failed("SERVER_REDIRECT", "sends git elsewhere");
  }
  if (/returned error: (?:413|507)|pack exceeds maximum/i.test(message)) {
    return failed("SERVER_REFUSED", "does not take that much");
  }
  if (/returned error: (?:408|425|429|503)/i.test(message)) return failed("SERVER_BUSY", "is busy");
  // Two that bring the same commit at once: one of them comes too late for the lock, and finds it there the next time.
  if (/cannot lock ref|failed to update ref/i.test(message)) return failed("SERVER_BUSY", "is busy");
  if (/mismatched algorithms|object[- ]format|unexpected capabilities\^/i.test(message)) {
    return new WorkerError("SERVER_REFUSED", `${host} keeps repositories with SHA-1 objects only: ${message}`, {
      hint: "Run the task here: --execution-mode cli",
      cause: error,
    });
  }
  // git's word for 404: what answers is no task server, or its address lacks or has a path.
  if (/fatal: repository '.*' not found/i.test(message)) return failed("SERVER_REFUSED", "has no repositories there");
  if (/remote rejected|returned error: 4\d\d|not our ref/i.test(message))
    return failed("SERVER_REFUSED", "refused git");
  if (/'remote-https?' is not a git command|Unable to find remote helper/i.test(message)) {
    return new WorkerError("GIT_MISSING", `This git cannot speak HTTP: ${message}`, { cause: error });
  }
  // A connection that broke, a server that stumbled, a page of somebody else's: all of that may pass.
  return failed("SERVER_UNREACHABLE", "gave git no answer");
}

/** Whether the same command may succeed in a moment. */
export function isRemoteHiccup(error: unknown): boolean {
  return error instanceof WorkerError && (error.code === "SERVER_UNREACHABLE" || error.code === "SERVER_BUSY");
}
