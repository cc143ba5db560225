import type { z } from "@hono/zod-openapi";
import { problemTable } from "../../protocol/problem.ts";
import type { ProblemCode } from "../../protocol/problem.ts";
import { schemas } from "./schemas.ts";

/** A JSON answer, for the document. */
export function describeJson<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

/** The refusals of a route, by status, for the document. Those that any request may meet are added to all. */
export function describeProblems(...codes: ProblemCode[]) {
  const all = [...new Set([...codes, ...everywhere])];
  return Object.fromEntries(
    [...Map.groupBy(all, (code) => problemTable[code].status)].map(([status, group]) => [
      status,
      { description: group.join(", "), content: { "application/problem+json": { schema: schemas.problem } } },
    ]),
  );
}

const everywhere = [
  "BAD_REQUEST",
  "UNAUTHORIZED",
  "FORBIDDEN",
  "UPGRADE_REQUIRED",
  "HEADERS_TOO_LARGE",
  "INTERNAL",
] as const;
