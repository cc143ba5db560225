import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { repositoryKeySchema } from "../../protocol/identifiers.ts";
import { requireOwner } from "../access/authenticate.ts";
import { createGitServer } from "../git-http/serve-git.ts";
import type { GitService } from "../git-http/backend-environment.ts";
import type { ServerApp } from "../http/create-app.ts";
import type { ServerEnvironment } from "../http/exchange.ts";
import { sendProblem } from "../http/exchange.ts";
import { buildFieldError, ProblemError } from "../http/problem-error.ts";
import type { RouteParts } from "../server-parts.ts";
import { describeProblems } from "./responses.ts";

const services = ["git-upload-pack", "git-receive-pack"] as const;
const base = "/api/v1/repositories/{key}.git";

/** git's smart HTTP: push a base to refs/inbox/<its id>, fetch refs/tasks/<id of a task>. */
export function addGit(app: ServerApp, parts: RouteParts): void {
  const serveGit = createGitServer(parts);
  const serve = async (context: Context<ServerEnvironment>, service: GitService): Promise<Response> => {
    const { incoming, outgoing, exchange } = context.env;
    const directory = await findRepository(context, service, parts);
    let base: string | undefined;
    const onCommand = (id: string): void => void (base = id);
    try {
      const owner = requireOwner(context);
      await serveGit({ owner, directory, service, incoming, outgoing, closing: parts.closing, onCommand });
      if (base !== undefined) parts.onBasePushed?.(directory, base);
    } catch (error) {
      sendProblem(outgoing, exchange, error);
    }
    return RESPONSE_ALREADY_SENT;
  };
  // Hono has no parameter that ends before the segment does.
  const routed = "/api/v1/repositories/:name{[^/]+\\.git}";
  app.get(`${routed}/info/refs`, (context) => {
    const service = services.find((name) => name === context.req.query("service"));
    if (service === undefined) throw buildFieldError("BAD_REQUEST", "/service", "Only git's smart protocol is spoken.");
    return serve(context, service);
  });
  for (const service of services) {
    app.post(`${routed}/${service}`, (context) => {
      if (context.req.header("Content-Type") !== `application/x-${service}-request`) {
        throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
      }
      return serve(context, service);
    });
  }
  describeGit(app);
}

/** A push makes the repository where there is none. */
async function findRepository(
  context: Context<ServerEnvironment>,
  service: GitService,
  { repositories, closing }: RouteParts,
): Promise<string> {
  const owner = requireOwner(context);
  const key = repositoryKeySchema.safeParse(context.req.param("name")?.replace(/\.git$/, ""));
  if (!key.success) throw new ProblemError("NOT_FOUND");
  if (service === "git-receive-pack") return repositories.ensure(owner, key.data, closing);
  const directory = await repositories.find(owner, key.data);
  if (directory === null) throw new ProblemError("NOT_FOUND");
  return directory;
}

function describeGit({ openAPIRegistry }: ServerApp): void {
  const params = z.object({ key: repositoryKeySchema });
  openAPIRegistry.registerPath({
    method: "get",
    path: `${base}/info/refs`,
    summary: "git's smart HTTP: refs. A push sees and writes refs/inbox/*, a fetch sees refs/tasks/*",
    request: { params, query: z.object({ service: z.enum(services) }) },
    responses: {
      200: describeAnswer("application/x-git-upload-pack-advertisement"),
      ...describeProblems("NOT_FOUND", "TOO_MANY_REQUESTS", "DISK_FULL"),
    },
  });
  for (const service of services) {
    openAPIRegistry.registerPath({
      method: "post",
      path: `${base}/${service}`,
      summary: service === "git-receive-pack" ? "git push" : "git fetch",
      request: { params, body: { content: { [`application/x-${service}-request`]: { schema: z.string() } } } },
      responses: {
        200: describeAnswer(`application/x-${service}-result`),
        ...describeProblems(
          "NOT_FOUND",
          "REQUEST_TIMEOUT",
          "TOO_LARGE",
          "UNSUPPORTED_MEDIA_TYPE",
          "TOO_MANY_REQUESTS",
          "DISK_FULL",
        ),
      },
    });
  }
}

function describeAnswer(type: string) {
  return { description: "git's answer", content: { [type]: { schema: z.string() } } };
}
