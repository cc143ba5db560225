import { WorkerError } from "../../core/worker-error.ts";
import { apiVersion } from "../../protocol/server-info.ts";
import { quote } from "../../util/quote.ts";
import { retry } from "./backoff.ts";
import { findBreaker } from "./breaker.ts";
import type { HttpClient } from "./http-client.ts";
import type { Notes } from "./notes.ts";
import type { Failure } from "./reply.ts";
import { readHealth, readVersion } from "./task-api.ts";

/** What the server must call itself. */
const productName = "agent-worker";
/** A server that says nothing of its load comes behind those that have room. */
const unknownLoad = 0.99;
const drainingLoad = Number.MAX_VALUE;

/** The servers that can be spoken to, the least loaded first, each checked. Throws why there is none. */
export async function rankServers(
  clients: readonly HttpClient[],
  notes: Notes,
  signal: AbortSignal,
): Promise<readonly HttpClient[]> {
  const [only] = clients;
  const checks = clients.map((client) => checkServer(client, { notes, signal, isOnly: clients.length === 1 }));
  const checked = await Promise.all(checks);
  const usable = checked.flatMap((check) => (check.ok ? [check] : []));
  if (usable.length > 0) return usable.toSorted((a, b) => a.load - b.load).map(({ client }) => client);
  const failures = checked.flatMap((check) => (check.ok ? [] : [check.error]));
  const [first] = failures;
  if (first === undefined || only === undefined)
    throw new WorkerError("SERVER_URL_MISSING", "There is no task server.");
  if (failures.length === 1) throw first;
  const message = `None of ${clients.length} servers can be used. ${failures.map((error) => error.message).join(" ")}`;
  throw new WorkerError(first.code, message, { hint: first.hint });
}

interface Check {
  readonly notes: Notes;
  readonly signal: AbortSignal;
  readonly isOnly: boolean;
}

interface Usable {
  readonly ok: true;
  readonly client: HttpClient;
  readonly load: number;
}

async function checkServer(client: HttpClient, { notes, signal, isOnly }: Check): Promise<Usable | Failure> {
  const { patience } = client.settings;
  const breaker = findBreaker(client.endpoint.url, patience.breakerMs);
  // An only server is asked all the same: there is no other.
  if (!isOnly && !breaker.allows()) return toBrokenFailure(client);
  const limits = { backoff: patience.backoff, limitMs: patience.contactMs, signal };
  const [version, load] = await Promise.all([
    retry(async () => checkVersion(client, notes, signal), limits),
    isOnly ? 0 : readLoad(client, signal),
  ]);
  if (!version.ok) {
    breaker.failed();
    return version;
  }
  breaker.succeeded();
  return { ok: true, client, load };
}

function toBrokenFailure({ host }: HttpClient): Failure {
  const error = new WorkerError(
    "SERVER_UNREACHABLE",
    `The server ${host} has failed too often; it is left alone for a while.`,
  );
  return { ok: false, error, status: null, problem: null, retryable: true, untouched: true, retryAfterMs: null };
}

/** Whether the server is one that this program can speak to. */
export async function checkVersion(
  client: HttpClient,
  notes: Notes,
  signal: AbortSignal,
): Promise<{ readonly ok: true } | Failure> {
  const result = await readVersion(client, signal);
  const { host } = client;
  if (!result.ok) {
    if (result.status !== 404 && result.status !== 405) return result;
    const message = `The server ${host} does not say which version it is; it is taken as it is.`;
    notes.add({ code: "SERVER_PLAIN", message });
    return { ok: true };
  }
  const { name, api, version } = result.value;
  if (name === productName && api === apiVersion) return { ok: true };
  const what = name === productName ? `version ${quote(version)}, which speaks API ${api}` : quote(name);
  const message = `The server ${host} is ${what}; this program speaks API ${apiVersion} of ${productName}.`;
  const error = new WorkerError("SERVER_VERSION", message);
  return { ok: false, error, status: 200, problem: null, retryable: false, untouched: true, retryAfterMs: null };
}

/** Tasks per place: below 1 there is room. */
async function readLoad(client: HttpClient, signal: AbortSignal): Promise<number> {
  const health = await readHealth(client, signal, client.settings.patience.contactMs);
  if (!health.ok) return unknownLoad;
  const { full, status } = health.value;
  if (status === "draining") return drainingLoad;
  if (full === null) return unknownLoad;
  return (full.active + full.queue.queued) / Math.max(full.concurrency, 1);
}
