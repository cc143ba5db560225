import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import type { Context } from "hono";
import { routePath } from "hono/route";
import type { ServerEnvironment } from "./exchange.ts";
import { logFailure } from "./exchange.ts";
import { buildProblem, buildProblemHeaders, ProblemError, toProblemError } from "./problem-error.ts";
import { toValidationProblem } from "./validation-problem.ts";

export type ServerApp = OpenAPIHono<ServerEnvironment>;

/** An app whose every refusal is a problem (RFC 9457). */
export function createApp(): ServerApp {
  const app: ServerApp = new OpenAPIHono<ServerEnvironment>({
    defaultHook(result) {
      if (!result.success) throw toValidationProblem(result.target, result.error.issues);
    },
  });
  app.onError((error, context) => toAnswer(error, context));
  app.notFound((context) => toAnswer(buildMissing(app, context), context));
  app.use("*", async (context, next) => {
    const path = routePath(context, -1);
    if (path !== "/*") context.env.exchange.route = toPattern(path);
    await next();
  });
  return app;
}

function toAnswer(error: Error, context: Context<ServerEnvironment>): Response {
  const known = error instanceof HTTPException ? fromHttpException(error) : error;
  logFailure(context.env.exchange, known);
  const problem = toProblemError(known);
  const body = buildProblem(problem, context.env.exchange.requestId);
  return new Response(JSON.stringify(body), { status: body.status, headers: buildProblemHeaders(problem) });
}

function fromHttpException({ status }: HTTPException): ProblemError {
  return new ProblemError(status === 415 ? "UNSUPPORTED_MEDIA_TYPE" : "BAD_REQUEST");
}

const methods = ["GET", "POST", "DELETE"] as const;

/** 405 where another method is known, 404 elsewhere. */
function buildMissing(app: ServerApp, { req }: Context<ServerEnvironment>): ProblemError {
  const allowed = methods.filter((method) => isRouted(app, method, req.path));
  if (allowed.length === 0) return new ProblemError("NOT_FOUND");
  const names = allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return new ProblemError("METHOD_NOT_ALLOWED", { headers: { Allow: names.join(", ") } });
}

/** Beside what is in the way of every request. */
function isRouted(app: ServerApp, method: string, path: string): boolean {
  const [handlers] = app.router.match(method, path);
  return handlers.some(([[, route]]) => route.method !== "ALL");
}

/** As the OpenAPI document writes it. */
function toPattern(path: string): string {
  return path.replaceAll(/:(\w+)(?:\{.*?\})?(?=\/|$)/g, "{$1}");
}
