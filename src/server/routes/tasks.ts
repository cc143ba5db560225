import { createRoute, z } from "@hono/zod-openapi";
import { WorkerError } from "../../core/worker-error.ts";
import { taskIdSchema } from "../../protocol/identifiers.ts";
import { taskPageSchema } from "../../protocol/task-resource.ts";
import { taskStateSchema } from "../../protocol/task-state.ts";
import { requireOwner } from "../access/authenticate.ts";
import type { ServerApp } from "../http/create-app.ts";
import { buildFieldError } from "../http/problem-error.ts";
import { readBody } from "../http/read-body.ts";
import type { RouteParts } from "../server-parts.ts";
import { toTaskResource } from "./own-task.ts";
import { describeJson, describeProblems } from "./responses.ts";
import { schemas } from "./schemas.ts";
import { createSubmit } from "./submit-task.ts";

const submitRoute = createRoute({
  method: "post",
  path: "/api/v1/tasks",
  summary: "Submit a task",
  description:
    "What is answered with 201 or 200 is durable. With an Idempotency-Key the same request can be sent again.",
  request: {
    headers: z.object({
      "idempotency-key": z
        .string()
        .regex(/^[\u0021-\u007e]{1,255}$/, "must be 1 to 255 printable ASCII characters")
        .optional(),
    }),
    body: { required: true, content: { "application/json": { schema: schemas.taskRequest } } },
  },
  responses: {
    200: describeJson("The same request was taken before (Idempotency-Replayed: true)", schemas.task),
    201: describeJson("The task is queued; Location names it", schemas.task),
    ...describeProblems(
      "IN_FLIGHT",
      "TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
      "REQUEST_TIMEOUT",
      "KEY_REUSED",
      "BASE_MISSING",
      "REPOSITORY_REFUSED",
      "AGENT_UNKNOWN",
      "UNSUPPORTED",
      "SESSION_UNKNOWN",
      "QUEUE_FULL",
      "DRAINING",
      "DISK_FULL",
    ),
  },
});

const toList = (value: unknown): unknown => (value === undefined ? [] : [value].flat());
const stateList = z.preprocess(
  (value) => [toList(value)].flat(2).flatMap((text) => String(text).split(",")),
  z.array(taskStateSchema).max(20),
);
const labelPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}(?:=.{0,256})?$/;

const listRoute = createRoute({
  method: "get",
  path: "/api/v1/tasks",
  summary: "Your tasks, the newest first",
  request: {
    query: z.object({
      state: stateList.openapi({ type: "array", items: { type: "string", enum: taskStateSchema.options } }),
      label: z
        .preprocess(toList, z.array(z.string().regex(labelPattern)).max(32))
        .openapi({ type: "array", items: { type: "string" }, description: "name or name=value; all must hold" }),
      parent: taskIdSchema.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
      cursor: z
        .string()
        .regex(/^[A-Za-z0-9_.:=-]{1,256}$/)
        .optional(),
    }),
  },
  responses: {
    200: describeJson("A page", taskPageSchema.extend({ tasks: z.array(schemas.task) })),
    ...describeProblems(),
  },
});

/** The collection of tasks: submit one, list them. */
export function addTasks(app: ServerApp, parts: RouteParts): void {
  const { limits, store } = parts;
  const submit = createSubmit(parts);
  const body = readBody({ maxBytes: limits.taskBodyBytes, isOptional: false, ...limits });
  app.openapi({ ...submitRoute, middleware: [body] }, async (context) => {
    const idempotencyKey = context.req.valid("header")["idempotency-key"];
    const { kind, task } = await submit(requireOwner(context), { request: context.req.valid("json"), idempotencyKey });
    context.header("Location", `/api/v1/tasks/${task.id}`);
    context.header("ETag", `"${task.revision}"`);
    if (kind === "created") return context.json(toTaskResource(task), 201);
    context.header("Idempotency-Replayed", "true");
    return context.json(toTaskResource(task), 200);
  });
  app.openapi(listRoute, async (context) => {
    const owner = requireOwner(context);
    const { state: states, label: labels, parent, limit, cursor } = context.req.valid("query");
    const page = await store.list({ owner, states, labels, parent, limit, cursor }).catch(explainCursor);
    return context.json({ tasks: page.tasks.map(toTaskResource), nextCursor: page.nextCursor }, 200);
  });
}

function explainCursor(error: unknown): never {
  const isForeign = error instanceof WorkerError && error.code === "USAGE";
  throw isForeign ? buildFieldError("BAD_REQUEST", "/cursor", "It is none that a page gave.") : error;
}
