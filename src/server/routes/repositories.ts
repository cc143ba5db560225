import { createRoute, z } from "@hono/zod-openapi";
import { commitIdSchema, repositoryKeySchema, taskIdSchema } from "../../protocol/identifiers.ts";
import { requireOwner } from "../access/authenticate.ts";
import type { ServerApp } from "../http/create-app.ts";
import { ProblemError } from "../http/problem-error.ts";
import type { RouteParts } from "../server-parts.ts";
import { readOwnTask, requireEnd } from "./own-task.ts";
import { describeJson, describeProblems } from "./responses.ts";

const commitRoute = createRoute({
  method: "get",
  path: "/api/v1/repositories/{key}/commits/{sha}",
  summary: "Is this commit here already? (HEAD does)",
  request: { params: z.object({ key: repositoryKeySchema, sha: commitIdSchema }) },
  responses: { 200: describeJson("It is", z.object({ sha: commitIdSchema })), ...describeProblems("NOT_FOUND") },
});

const diffRoute = createRoute({
  method: "get",
  path: "/api/v1/tasks/{id}/diff",
  summary: "What a task has changed, as a patch for people",
  description: "Cut after 4 MiB, with a last line that says so. Empty where nothing was changed.",
  request: { params: z.object({ id: taskIdSchema }) },
  responses: {
    200: { description: "The patch", content: { "text/x-diff": { schema: z.string() } } },
    ...describeProblems("NOT_FOUND", "NOT_FINISHED"),
  },
});

/** What can be asked about a repository of the server's, beside what git asks itself. */
export function addRepositories(app: ServerApp, parts: RouteParts): void {
  const { repositories, limits } = parts;
  app.openapi(commitRoute, async (context) => {
    const { key, sha } = context.req.valid("param");
    const directory = await repositories.find(requireOwner(context), key);
    const signal = AbortSignal.any([parts.closing, context.req.raw.signal]);
    if (directory === null || !(await repositories.hasCommit(directory, sha, signal)))
      throw new ProblemError("NOT_FOUND");
    return context.json({ sha }, 200);
  });
  app.openapi(diffRoute, async (context) => {
    const task = await readOwnTask(parts, requireOwner(context), context.req.valid("param").id);
    requireEnd(task);
    const signal = AbortSignal.any([parts.closing, context.req.raw.signal]);
    const patch =
      task.base === null || task.commit === null
        ? Buffer.alloc(0)
        : await collectDiff(
            repositories.diff(
              repositories.locate(task.owner, task.request.repository),
              { base: task.base, head: task.commit },
              signal,
            ),
            limits.diffBytes,
          );
    // Shown as text wherever it is opened, and never run.
    return context.body(new Uint8Array(patch), 200, { "Content-Type": "text/x-diff; charset=utf-8" });
  });
}

async function collectDiff(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk.subarray(0, maxBytes - sizeBytes));
    sizeBytes += chunk.length;
    if (sizeBytes <= maxBytes) continue;
    parts.push(Buffer.from(`\n\\ The diff is cut here, after ${maxBytes} bytes.\n`));
    break;
  }
  return Buffer.concat(parts);
}
