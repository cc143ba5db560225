import { checkVersion } from "../../agents/server/choose-server.ts";
import { openHttpClient } from "../../agents/server/http-client.ts";
import type { HttpClient } from "../../agents/server/http-client.ts";
import { createNotes } from "../../agents/server/notes.ts";
import { defaultServerPatience } from "../../agents/server/server-settings.ts";
import { listSessions, readHealth } from "../../agents/server/task-api.ts";
import type { ServerHealth } from "../../agents/server/task-api.ts";
import type { Config } from "../../config/config.ts";
import type { WorkerError } from "../../core/worker-error.ts";
import { formatDuration } from "../../util/duration.ts";
import { quote } from "../../util/quote.ts";
import { readVersion } from "../version.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** A person waits for the answer. */
const answerMs = 5_000;
/** Clocks further apart make times of events and reports misleading, and keys look expired. */
const maxSkewMs = 60_000;

/** The task servers: whether each answers, speaks this version, takes the key, is well, and agrees about the time. */
export async function checkServers({ server, container }: Config, signal: AbortSignal): Promise<readonly Finding[]> {
  if (server.endpoints.length === 0) return [fail("server", "none is set", "export CLAUDE_SERVER_URL=https://...")];
  const settings = {
    ...server,
    caBundle: container.caBundle,
    version: readVersion(),
    patience: { ...defaultServerPatience, requestMs: answerMs },
  };
  const checks = server.endpoints.map(async (endpoint) => {
    await using client = openHttpClient(endpoint, settings);
    return await checkServer(client, signal);
  });
  return (await Promise.all(checks)).flat();
}

async function checkServer(client: HttpClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const notes = createNotes();
  const [version, health, sessions] = await Promise.all([
    checkVersion(client, notes, signal),
    readHealth(client, signal),
    listSessions(client, signal),
  ]);
  const { host } = client;
  if (!version.ok) return [toFailure("server", version.error)];
  const [plain] = notes.take();
  const reached = plain === undefined ? ok("server", `${host} answers`) : warn("server", plain.message);
  const isKeyWrong = !sessions.ok && sessions.error.code === "SERVER_KEY";
  const key = isKeyWrong ? toFailure("server key", sessions.error) : ok("server key", describeKey(client));
  return [
    reached,
    key,
    ...(health.ok ? checkHealth(host, health.value) : [warn("server health", health.error.message)]),
  ];
}

function describeKey({ authorization, host }: HttpClient): string {
  return authorization === undefined ? `${host} wants none` : `${host} takes it`;
}

function checkHealth(host: string, { status, full, date }: ServerHealth): readonly Finding[] {
  const load = full === null ? "" : `, ${full.active} of ${full.concurrency} running, ${full.queue.queued} queued`;
  const text = `${host} is ${quote(status).slice(1, -1)}${load}`;
  const remedy = "Look at the server's own log; agent-worker doctor there tells more.";
  const well = status === "ok" ? ok("server health", text) : warn("server health", text, remedy);
  const skewMs = date === null ? 0 : Math.abs(Date.now() - date);
  if (skewMs <= maxSkewMs) return [well];
  const words = `the clock of ${host} is ${formatDuration(Math.round(skewMs / 1000) * 1000)} away from this machine's`;
  return [well, warn("server clock", words, "timedatectl set-ntp true")];
}

function toFailure(name: string, { message, hint }: WorkerError): Finding {
  return fail(name, message, hint);
}
