import { z } from "zod";
import { runReportSchema } from "../../core/run-report.ts";
import type { RunReport } from "../../core/run-report.ts";
import { healthSchema, versionSchema } from "../../protocol/server-info.ts";
import type { Health } from "../../protocol/server-info.ts";
import { sessionResourceSchema } from "../../protocol/task-resource.ts";
import type { InterruptMode, SessionResource } from "../../protocol/task-resource.ts";
import { parseJson } from "../../util/parse-json.ts";
import { toForeignFailure } from "./answer-failure.ts";
import type { ApiRequest, HttpClient } from "./http-client.ts";
import { parseRemoteTask } from "./remote-task.ts";
import type { RemoteTask } from "./remote-task.ts";
import type { Answer, Failure } from "./reply.ts";

/** What a server answered, or why there is no answer. One try each: who wants more uses `retry`. */
export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

type Version = z.infer<typeof versionSchema>;

const root = "/api/v1";

export function readVersion(client: HttpClient, signal: AbortSignal): Promise<Result<Version>> {
  return ask(
    client,
    { method: "GET", path: `${root}/version`, signal },
    (value) => versionSchema.safeParse(value).data,
  );
}

/** What a health answer says at least; `full` is all of it, for who has a key. */
export interface ServerHealth {
  readonly status: string;
  readonly full: Health | null;
  /** The server's clock, milliseconds since 1970; null where it does not say. */
  readonly date: number | null;
}

const briefHealthSchema = z.looseObject({ status: z.string().max(100) });

export async function readHealth(
  client: HttpClient,
  signal: AbortSignal,
  timeoutMs?: number,
): Promise<Result<ServerHealth>> {
  const request: ApiRequest = {
    method: "GET",
    path: "/health",
    signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return ask(client, request, (value, { headers }) => {
    const brief = briefHealthSchema.safeParse(value).data;
    const date = Date.parse(headers["date"] ?? "");
    if (brief === undefined) return undefined;
    return {
      status: brief.status,
      full: healthSchema.safeParse(value).data ?? null,
      date: Number.isNaN(date) ? null : date,
    };
  });
}

export interface Submission {
  /** The TaskRequest as JSON text: the same for every try. */
  readonly body: string;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

export function submitTask(
  client: HttpClient,
  { body, idempotencyKey, signal }: Submission,
): Promise<Result<RemoteTask>> {
  const headers = { "idempotency-key": idempotencyKey };
  return ask(client, { method: "POST", path: `${root}/tasks`, headers, body, signal }, toTask);
}

export function readTask(client: HttpClient, taskId: string, signal: AbortSignal): Promise<Result<RemoteTask>> {
  return ask(client, { method: "GET", path: buildTaskPath(taskId), signal }, toTask);
}

const waitSeconds = 30;

/** The same, held back by the server until the task changes, for half a minute at most. */
export function waitForTask(client: HttpClient, taskId: string, signal: AbortSignal): Promise<Result<RemoteTask>> {
  const path = `${buildTaskPath(taskId)}?wait=${waitSeconds}s`;
  const timeoutMs = client.settings.patience.requestMs + waitSeconds * 1000;
  return ask(client, { method: "GET", path, signal, timeoutMs }, toTask);
}

/** Only a task that has ended has one. */
export function readTaskReport(client: HttpClient, taskId: string, signal: AbortSignal): Promise<Result<RunReport>> {
  const path = `${buildTaskPath(taskId)}/report`;
  return ask(client, { method: "GET", path, signal }, (value) => runReportSchema.safeParse(value).data);
}

export interface Interruption {
  readonly taskId: string;
  readonly mode: InterruptMode;
  readonly signal: AbortSignal;
}

/** A task that is stopping or has ended already is one that was stopped. */
export async function interruptTask(
  client: HttpClient,
  { taskId, mode, signal }: Interruption,
): Promise<{ readonly ok: true } | Failure> {
  const body = JSON.stringify({ mode });
  const reply = await client.send({ method: "POST", path: `${buildTaskPath(taskId)}/interrupt`, body, signal });
  return reply.ok || reply.status === 409 ? { ok: true } : reply;
}

/** Whether a commit is on the server already; a server that does not know the question is told the answer no. */
export async function hasCommit(
  client: HttpClient,
  { key, sha, signal }: { readonly key: string; readonly sha: string; readonly signal: AbortSignal },
): Promise<Result<boolean>> {
  const path = `${root}/repositories/${encodeURIComponent(key)}/commits/${sha}`;
  const reply = await client.send({ method: "HEAD", path, signal });
  if (reply.ok) return { ok: true, value: true };
  return [404, 405, 501].includes(reply.status ?? 0) ? { ok: true, value: false } : reply;
}

/** Where git finds a repository of a server. */
export function buildRepositoryUrl({ endpoint }: HttpClient, key: string): string {
  return `${endpoint.url}${root}/repositories/${encodeURIComponent(key)}.git`;
}

const sessionsSchema = z.object({ sessions: z.array(sessionResourceSchema) });

export function listSessions(client: HttpClient, signal: AbortSignal): Promise<Result<readonly SessionResource[]>> {
  return ask(client, { method: "GET", path: `${root}/sessions`, signal }, (value) => {
    return (sessionsSchema.safeParse(value).data ?? { sessions: z.array(sessionResourceSchema).safeParse(value).data })
      .sessions;
  });
}

export async function deleteSession(
  client: HttpClient,
  sessionId: string,
  signal: AbortSignal,
): Promise<{ readonly ok: true } | Failure> {
  return client.send({ method: "DELETE", path: `${root}/sessions/${encodeURIComponent(sessionId)}`, signal });
}

export function buildTaskPath(taskId: string): string {
  return `${root}/tasks/${encodeURIComponent(taskId)}`;
}

function toTask(value: unknown): RemoteTask | undefined {
  return parseRemoteTask(value) ?? undefined;
}

async function ask<T>(
  client: HttpClient,
  request: ApiRequest,
  parse: (value: unknown, answer: Answer) => T | undefined,
): Promise<Result<T>> {
  const reply = await client.send(request);
  if (!reply.ok) return reply;
  const value = parse(parseJson(reply.text), reply);
  if (value !== undefined) return { ok: true, value };
  const { host } = client;
  const what = `its answer to ${request.method} ${request.path} is not one of a task server`;
  return toForeignFailure({ host, status: reply.status, headers: reply.headers, text: "" }, what);
}
