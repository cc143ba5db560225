import { authenticate } from "./access/authenticate.ts";
import { createApp } from "./http/create-app.ts";
import type { ServerApp } from "./http/create-app.ts";
import { addEvents } from "./routes/events.ts";
import { addGit } from "./routes/git.ts";
import { addHealth } from "./routes/health.ts";
import { addDocument } from "./routes/document.ts";
import { addRepositories } from "./routes/repositories.ts";
import { addSessions } from "./routes/sessions.ts";
import { addTask } from "./routes/task.ts";
import { addTasks } from "./routes/tasks.ts";
import { addTickets } from "./routes/tickets.ts";
import type { RouteParts } from "./server-parts.ts";

/** Everything below these needs a key, also what does not exist. */
const closed = /^\/(?:api|ws|metrics)(?:\/|$)/;
const open = new Set(["/api/v1/version"]);

/** All routes. */
export function buildApp(parts: RouteParts): ServerApp {
  const app = createApp();
  app.use("*", async (context, next) => {
    const { incoming, exchange } = context.env;
    if (closed.test(context.req.path) && !open.has(context.req.path)) authenticate(incoming, exchange, parts);
    await next();
  });
  if (parts.page !== undefined) app.use("*", parts.page);
  for (const add of [
    addTasks,
    addTask,
    addEvents,
    addSessions,
    addRepositories,
    addGit,
    addTickets,
    addHealth,
    addDocument,
  ]) {
    add(app, parts);
  }
  return app;
}
