import { createRoute, z } from "@hono/zod-openapi";
import { runReportSchema } from "../../core/run-report.ts";
import { taskIdSchema } from "../../protocol/identifiers.ts";
import { interruptRequestSchema } from "../../protocol/task-resource.ts";
import { isTerminal } from "../../protocol/task-state.ts";
import type { StoredTask } from "../../store/tasks/task-store.ts";
import { parseDuration } from "../../util/duration.ts";
import { requireOwner } from "../access/authenticate.ts";
import type { ServerApp } from "../http/create-app.ts";
import { ProblemError } from "../http/problem-error.ts";
import { readBody } from "../http/read-body.ts";
import { removeTask } from "../maintenance/remove-task.ts";
import type { RouteParts } from "../server-parts.ts";
import { tellEnd } from "../tell-end.ts";
import { readOwnTask, requireEnd, toTaskResource } from "./own-task.ts";
import { describeJson, describeProblems } from "./responses.ts";
import { schemas } from "./schemas.ts";

const params = z.object({ id: taskIdSchema });

const readRoute = createRoute({
  method: "get",
  path: "/api/v1/tasks/{id}",
  summary: "A task",
  request: {
    params,
    query: z.object({
      wait: z
        .string()
        .refine((text) => parseDuration(text) !== undefined, "must be a duration, such as 30s")
        .optional()
        .openapi({ description: "Wait so long (60s at most) for the task to change", example: "30s" }),
    }),
    headers: z.object({ "if-none-match": z.string().max(256).optional() }),
  },
  responses: {
    200: describeJson("The task; its ETag is its revision", schemas.task),
    304: { description: "It has not changed" },
    ...describeProblems("NOT_FOUND"),
  },
});

const interruptRoute = createRoute({
  method: "post",
  path: "/api/v1/tasks/{id}/interrupt",
  summary: "Stop a task; what it has done so far is kept",
  request: {
    params,
    body: { required: false, content: { "application/json": { schema: interruptRequestSchema } } },
  },
  responses: {
    200: describeJson("It was stopping or stopped already", schemas.task),
    202: describeJson("It will stop", schemas.task),
    ...describeProblems("NOT_FOUND", "ALREADY_ENDED", "TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TIMEOUT"),
  },
});

const reportRoute = createRoute({
  method: "get",
  path: "/api/v1/tasks/{id}/report",
  summary: "The RunReport of a task that has ended",
  description: "404 where it ended before a run was begun.",
  request: { params },
  responses: {
    200: describeJson("The report", schemas.report),
    ...describeProblems("NOT_FOUND", "NOT_FINISHED"),
  },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/api/v1/tasks/{id}",
  summary: "Remove a task that has ended, with its events and its result",
  request: { params },
  responses: { 204: { description: "It is gone" }, ...describeProblems("NOT_FOUND", "NOT_FINISHED") },
});

/** One task: read, interrupt, its report, remove. */
export function addTask(app: ServerApp, parts: RouteParts): void {
  const { store, dispatcher, limits } = parts;
  app.openapi(readRoute, async (context) => {
    const { id } = context.req.valid("param");
    const known = context.req.valid("header")["if-none-match"];
    const waitMs = Math.min(parseDuration(context.req.valid("query").wait ?? "") ?? 0, limits.longPollMs);
    const signal = AbortSignal.any([parts.closing, context.req.raw.signal]);
    const task = await waitForTask(parts, { owner: requireOwner(context), id, known, waitMs, signal });
    const tag = toTag(task);
    if (matches(known, tag)) return context.body(null, 304, { ETag: tag });
    context.header("ETag", tag);
    return context.json(toTaskResource(task), 200);
  });
  const body = readBody({ ...limits, maxBytes: limits.bodyBytes, isOptional: true });
  app.openapi({ ...interruptRoute, middleware: [body] }, async (context) => {
    const { id } = context.req.valid("param");
    await readOwnTask(parts, requireOwner(context), id);
    // Without a body nobody has filled in its defaults.
    const { mode } = interruptRequestSchema.parse(context.req.valid("json"));
    const result = await store.interrupt(id, mode);
    if (result === null) throw new ProblemError("NOT_FOUND");
    // Also where it is stopping already: it may have to hurry now.
    dispatcher.wake(id);
    const { task } = result;
    if (result.changed && isTerminal(task.state)) tellEnd(parts.metrics, task);
    if (!result.changed && isTerminal(task.state) && task.state !== "cancelled")
      throw new ProblemError("ALREADY_ENDED");
    return context.json(toTaskResource(task), result.changed ? 202 : 200);
  });
  app.openapi(reportRoute, async (context) => {
    const { id } = context.req.valid("param");
    requireEnd(await readOwnTask(parts, requireOwner(context), id));
    const report = await store.readReport(id);
    if (report === null) throw new ProblemError("NOT_FOUND", { detail: "The task ended before a run was begun." });
    return context.json(runReportSchema.parse(JSON.parse(report)), 200);
  });
  app.openapi(removeRoute, async (context) => {
    const { id } = context.req.valid("param");
    const task = await readOwnTask(parts, requireOwner(context), id);
    requireEnd(task);
    await removeTask(parts, task);
    return context.body(null, 204);
  });
}

interface TaskWait {
  readonly owner: string;
  readonly id: string;
  /** The If-None-Match of the request. */
  readonly known: string | undefined;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** The task, at once or when it is not any more as the client knows it (as it was at the beginning, where the client does not say). */
async function waitForTask(parts: RouteParts, wait: TaskWait): Promise<StoredTask> {
  const deadline = performance.now() + wait.waitMs;
  let task = await readOwnTask(parts, wait.owner, wait.id);
  const known = wait.known ?? toTag(task);
  while (!isTerminal(task.state) && matches(known, toTag(task)) && !wait.signal.aborted) {
    const restMs = deadline - performance.now();
    if (restMs <= 0) break;
    await parts.store.waitForChange(wait.id, restMs, wait.signal);
    task = await readOwnTask(parts, wait.owner, wait.id);
  }
  return task;
}

function toTag({ revision }: StoredTask): string {
  return `"${revision}"`;
}

function matches(header: string | undefined, tag: string): boolean {
  return (header ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");
}
