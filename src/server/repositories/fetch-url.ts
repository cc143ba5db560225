import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { buildGitEnvironment } from "../../git/git-environment.ts";
import type { GitConfiguration } from "../../git/git-environment.ts";
import { buildOnlyOrigin } from "../../git/only-origin.ts";
import { runGit } from "../../git/run-git.ts";
import { quote } from "../../util/quote.ts";
import { createBareRepository } from "./bare-repository.ts";
import type { RepositoriesSettings } from "./create-repositories.ts";
import { fetchRef } from "./fetch-ref.ts";
import type { FetchSource, Fetching } from "./fetch-ref.ts";
import type { RepositoryProblem } from "./repositories.ts";
import { parseSourceUrl, resolveSource } from "./source-url.ts";
import type { SourceUrl } from "./source-url.ts";

/** null where the URL is one that this server fetches; its addresses are looked at when it does. */
export function checkUrl(url: string, settings: RepositoriesSettings): RepositoryProblem | null {
  try {
    parseSourceUrl(url, settings);
    return null;
  } catch (error) {
    return { code: "REPOSITORY_REFUSED", pointer: "/repository/url", message: toWorkerError(error).message };
  }
}

/** No fetch takes longer; what came until then is thrown away. */
const patienceMs = 15 * 60_000;

/**
 * Fetches a revision from another host and answers its commit's id. A revision is a commit id, HEAD, or a branch or tag, with
 * steps behind it (`main~3`). Git connects to the address that was checked, follows no redirect and sends no credential. Throws
 * REPOSITORY_REFUSED, BASE_NOT_FOUND, GIT_FAILED and the like.
 */
export async function fetchUrl(
  { url, base }: { readonly url: string; readonly base: string },
  fetching: Fetching,
): Promise<string> {
  const { directory, settings } = fetching;
  const source = parseSourceUrl(url, settings);
  const [, name = base, steps = ""] = /^([^~^]+)((?:[~^][~^0-9]*)?)$/.exec(base) ?? [];
  if (!/^[A-Za-z0-9_][^:?*[\\~^]*$/.test(name)) throw buildMissing(base);
  const remote = buildRemote(source, await resolveSource(source, settings), settings);
  const timed = { ...fetching, signal: AbortSignal.any([fetching.signal, AbortSignal.timeout(patienceMs)]) };
  await createBareRepository(directory);
  const isId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
  const ref = isId ? name : await findRef(remote, name, timed);
  if (ref === undefined) throw buildMissing(base);
  // A commit has the same id for ever: one that is here need not be asked for.
  const here = isId ? await resolve(`${name}${steps}`, timed) : undefined;
  if (here !== undefined) return here;
  const kept = await fetchRef({ ...remote, ref }, timed).catch((error: unknown) => {
    throw toFetchError(error, source, fetching.signal);
  });
  const sha = await resolve(`${kept}${steps}`, timed);
  if (sha === undefined) throw buildMissing(base);
  return sha;
}

type Remote = Omit<FetchSource, "ref">;

/** Pinned to an address: between the check and the connection a name may come to mean another machine. */
function buildRemote(source: SourceUrl, address: string, settings: RepositoriesSettings): Remote {
  const { href: from, protocol, host, port } = source;
  const shown = address.includes(":") ? `[${address}]` : address;
  const configuration: GitConfiguration = [
    ...(protocol === "https" ? buildOnlyOrigin(from) : []),
    ["http.followRedirects", "false"],
    ["http.emptyAuth", "false"],
    ["http.curloptResolve", `${host}:${port}:${shown}`],
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "60"],
    ...(settings.caBundle === undefined ? [] : [["http.sslCAInfo", settings.caBundle] as const]),
  ];
  const ssh = [
    "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=30 -l git",
    `-o HostName=${address} -o HostKeyAlias=${host}`,
    "-o PubkeyAuthentication=no -o GSSAPIAuthentication=no -o HostbasedAuthentication=no",
  ].join(" ");
  // Who asks is not the server's user: neither the keys in that home nor the passwords in its .netrc are for them.
  const environment = { HOME: "/nonexistent", GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: "ssh" };
  return { from, protocol, configuration, environment };
}

/** The full name of what a short one means there, in git's own order. */
async function findRef(remote: Remote, name: string, fetching: Fetching): Promise<string | undefined> {
  const { settings, signal, directory } = fetching;
  const environment = {
    ...buildGitEnvironment(settings.git, remote.configuration),
    GIT_ALLOW_PROTOCOL: remote.protocol,
    ...remote.environment,
  };
  const candidates = [name, `refs/${name}`, `refs/tags/${name}`, `refs/heads/${name}`];
  const args = ["ls-remote", "--quiet", remote.from, ...candidates];
  const { stdout } = await runGit({ settings: settings.git, gitDirectory: directory }, args, { signal, environment });
  const lines = stdout.toString("utf8").split("\n");
  const names = new Set(lines.map((line) => line.split("\t")[1]));
  return candidates.find((candidate) => names.has(candidate));
}

async function resolve(revision: string, { directory, settings, signal }: Fetching): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`];
  const place = { settings: settings.git, gitDirectory: directory };
  const { stdout } = await runGit(place, args, { signal, accept: [0, 1, 128] });
  return stdout.toString("utf8").trim() || undefined;
}

function buildMissing(base: string): WorkerError {
  return new WorkerError("BASE_NOT_FOUND", `There is no commit ${quote(base)} in the repository.`, {
    hint: "Name a branch, a tag, or a whole commit id.",
  });
}

function toFetchError(error: unknown, { host }: SourceUrl, signal: AbortSignal): unknown {
  if (signal.aborted || toWorkerError(error).code !== "GIT_FAILED") return error;
  return new WorkerError("GIT_FAILED", `Nothing could be fetched from ${host}: ${toWorkerError(error).message}`, {
    hint: "Check the URL, and that everybody may read it: the server sends no credential.",
    cause: error,
  });
}
