import { createRoute, z } from "@hono/zod-openapi";
import { apiVersion, healthSchema, versionSchema } from "../../protocol/server-info.ts";
import type { Health } from "../../protocol/server-info.ts";
import { authenticateIfGiven, requireOwner } from "../access/authenticate.ts";
import type { ServerApp } from "../http/create-app.ts";
import { ProblemError } from "../http/problem-error.ts";
import type { RouteParts } from "../server-parts.ts";
import { describeJson, describeProblems } from "./responses.ts";
import { schemas } from "./schemas.ts";

const briefSchema = healthSchema.pick({ status: true });

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  summary: "How the server is: all of it with a key, the status alone without",
  security: [],
  responses: { 200: describeJson("It answers", z.union([schemas.health, briefSchema])), ...describeProblems() },
});

const aliveRoute = createRoute({
  method: "get",
  path: "/healthz",
  summary: "The process lives",
  security: [],
  responses: { 200: describeJson("It does", z.object({ status: z.literal("ok") })), ...describeProblems() },
});

const readyRoute = createRoute({
  method: "get",
  path: "/readyz",
  summary: "It takes tasks",
  security: [],
  responses: {
    200: describeJson("It does", z.object({ status: z.literal("ok") })),
    ...describeProblems("DRAINING"),
  },
});

const versionRoute = createRoute({
  method: "get",
  path: "/api/v1/version",
  summary: "Which server this is",
  security: [],
  responses: { 200: describeJson("The version", versionSchema), ...describeProblems() },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "What Prometheus reads",
  responses: {
    200: { description: "The exposition", content: { "text/plain": { schema: z.string() } } },
    ...describeProblems(),
  },
});

/** What says how the server is. */
export function addHealth(app: ServerApp, parts: RouteParts): void {
  const startedAt = performance.now();
  app.openapi(healthRoute, async (context) => {
    const { incoming, exchange } = context.env;
    const health = await readHealth(parts, startedAt);
    const isOurs = authenticateIfGiven(incoming, exchange, parts) !== null;
    return context.json(isOurs ? health : { status: health.status }, 200);
  });
  app.openapi(aliveRoute, (context) => context.json({ status: "ok" as const }, 200));
  app.openapi(readyRoute, async (context) => {
    if (parts.isDraining()) throw new ProblemError("DRAINING");
    if (!(await isStoreWell(parts))) throw new ProblemError("DRAINING", { detail: "The store does not answer." });
    return context.json({ status: "ok" as const }, 200);
  });
  const version = { name: "agent-worker", version: parts.settings.version, api: apiVersion };
  app.openapi(versionRoute, (context) => context.json(version, 200));
  app.openapi(metricsRoute, async (context) => {
    requireOwner(context);
    const { contentType, text } = await parts.metrics.expose();
    return context.text(text, 200, { "Content-Type": contentType });
  });
}

async function readHealth(parts: RouteParts, startedAt: number): Promise<Health> {
  const { store, dispatcher, settings } = parts;
  const [counts, agentCli] = await Promise.all([store.counts().catch(() => null), parts.agentCli()]);
  const { active, breaker, warm } = dispatcher.status();
  const isWell = counts !== null && agentCli.engine !== "unavailable" && breaker.state === "closed";
  return {
    status: parts.isDraining() ? "draining" : isWell ? "ok" : "degraded",
    version: settings.version,
    store: { engine: store.engine, status: counts === null ? "failing" : "ok" },
    queue: { engine: store.engine, queued: counts?.queued ?? 0, limit: settings.queueLimit },
    agentCli,
    breaker,
    active,
    concurrency: settings.concurrency,
    warm,
    ...parts.totals(),
    uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
  };
}

async function isStoreWell({ store }: RouteParts): Promise<boolean> {
  try {
    await store.counts();
    return true;
  } catch {
    return false;
  }
}
