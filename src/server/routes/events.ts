import { createRoute, z } from "@hono/zod-openapi";
import { taskIdSchema } from "../../protocol/identifiers.ts";
import { eventPageSchema } from "../../protocol/task-event.ts";
import { requireOwner } from "../access/authenticate.ts";
import type { ServerApp } from "../http/create-app.ts";
import type { RouteParts } from "../server-parts.ts";
import { createEventHandler } from "../stream/event-handler.ts";
import { eventQuerySchema } from "../stream/event-query.ts";
import { readOwnTask } from "./own-task.ts";
import { describeProblems } from "./responses.ts";

const eventsRoute = createRoute({
  method: "get",
  path: "/api/v1/tasks/{id}/events",
  summary: "The events of a task: a page, or as a stream",
  description:
    "Accept chooses: application/json a page (wait holds an empty one back), application/x-ndjson or text/event-stream a stream.",
  request: { params: z.object({ id: taskIdSchema }), query: eventQuerySchema },
  responses: {
    200: {
      description: "Events after the one that is named",
      content: {
        "application/json": { schema: eventPageSchema },
        "application/x-ndjson": { schema: z.string() },
        "text/event-stream": { schema: z.string() },
      },
    },
    204: { description: "An EventSource has seen them all and need not come back" },
    ...describeProblems("NOT_FOUND", "GONE", "TOO_MANY_REQUESTS", "DRAINING"),
  },
});

export function addEvents(app: ServerApp, parts: RouteParts): void {
  const handle = createEventHandler(parts.stream);
  app.openapi(eventsRoute, async (context) => {
    const task = await readOwnTask(parts, requireOwner(context), context.req.valid("param").id);
    const { headers } = context.req.raw;
    return handle({ task, query: context.req.valid("query"), headers, outgoing: context.env.outgoing });
  });
}
