import { createRoute, z } from "@hono/zod-openapi";
import { requireOwner } from "../access/authenticate.ts";
import { ticketSeconds } from "../access/tickets.ts";
import type { ServerApp } from "../http/create-app.ts";
import { ProblemError } from "../http/problem-error.ts";
import type { RouteParts } from "../server-parts.ts";
import { describeJson, describeProblems } from "./responses.ts";

const issueRoute = createRoute({
  method: "post",
  path: "/api/v1/tickets",
  summary: "A ticket for one WebSocket: /ws/tasks/{id}?ticket=TICKET",
  responses: {
    201: describeJson(
      "Good once, and for half a minute",
      z.object({ ticket: z.string(), expiresInSeconds: z.number().int() }),
    ),
    ...describeProblems("TOO_MANY_REQUESTS"),
  },
});

export function addTickets(app: ServerApp, { tickets }: RouteParts): void {
  app.openapi(issueRoute, (context) => {
    const ticket = tickets.issue(requireOwner(context), Date.now());
    if (ticket === null) throw new ProblemError("TOO_MANY_REQUESTS");
    return context.json({ ticket, expiresInSeconds: ticketSeconds }, 201);
  });
}
