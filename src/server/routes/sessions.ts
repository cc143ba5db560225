import { createRoute, z } from "@hono/zod-openapi";
import { sessionIdSchema } from "../../protocol/identifiers.ts";
import { sessionResourceSchema } from "../../protocol/task-resource.ts";
import { requireOwner } from "../access/authenticate.ts";
import type { ServerApp } from "../http/create-app.ts";
import { ProblemError } from "../http/problem-error.ts";
import { removeSession } from "../maintenance/remove-session.ts";
import type { RouteParts } from "../server-parts.ts";
import { describeJson, describeProblems } from "./responses.ts";
import { schemas } from "./schemas.ts";

const params = z.object({ id: sessionIdSchema });
const path = "/api/v1/sessions/{id}";

const listRoute = createRoute({
  method: "get",
  path: "/api/v1/sessions",
  summary: "Conversations that a later task can continue",
  responses: {
    200: describeJson("All of them, the newest first", z.object({ sessions: z.array(schemas.session) })),
    ...describeProblems(),
  },
});

const readRoute = createRoute({
  method: "get",
  path,
  summary: "A conversation",
  request: { params },
  responses: { 200: describeJson("The conversation", schemas.session), ...describeProblems("NOT_FOUND") },
});

const removeRoute = createRoute({
  method: "delete",
  path,
  summary: "Remove a conversation",
  request: { params },
  responses: { 204: { description: "It is gone" }, ...describeProblems("NOT_FOUND") },
});

export function addSessions(app: ServerApp, { store }: RouteParts): void {
  app.openapi(listRoute, async (context) => {
    const sessions = await store.listSessions(requireOwner(context));
    return context.json({ sessions: sessions.map((session) => sessionResourceSchema.parse(session)) }, 200);
  });
  app.openapi(readRoute, async (context) => {
    const session = await store.readSession(requireOwner(context), context.req.valid("param").id);
    if (session === null) throw new ProblemError("NOT_FOUND");
    return context.json(sessionResourceSchema.parse(session), 200);
  });
  app.openapi(removeRoute, async (context) => {
    const { id } = context.req.valid("param");
    if (!(await removeSession(store, { owner: requireOwner(context), id }))) throw new ProblemError("NOT_FOUND");
    return context.body(null, 204);
  });
}
