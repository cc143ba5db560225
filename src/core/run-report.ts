import { z } from "zod";
import { agentInfoSchema, containerInfoSchema } from "./agent-event.ts";
import { diffStatSchema } from "./diff-stat.ts";
import { outcomeSchema, reasonSchema } from "./ending-schema.ts";
import { timingsSchema } from "./timings.ts";
import { usageSchema } from "./usage.ts";
import { warningSchema } from "./warning.ts";

/** What is printed and kept of a run, in both modes; docs/report.md. */
export const runReportSchema = z.object({
  schema: z.literal("agent-worker/report/1"),
  runId: z.string(),
  task: z.object({ prompt: z.string(), title: z.string() }),
  outcome: outcomeSchema,
  reason: reasonSchema.nullable(),
  executionMode: z.enum(["cli", "server"]),
  agent: agentInfoSchema,
  /** null where no container came up. */
  container: containerInfoSchema.nullable(),
  repository: z.object({ path: z.string(), base: z.object({ ref: z.string().nullable(), sha: z.string() }) }),
  branch: z.object({ name: z.string(), head: z.string() }).nullable(),
  stats: diffStatSchema,
  usage: usageSchema,
  gates: z.array(z.object({ name: z.string(), status: z.string(), detail: z.string(), durationMs: z.number() })),
  timings: timingsSchema,
  attempts: z.number().int().nonnegative(),
  warnings: z.array(warningSchema),
  startedAt: z.string(),
  endedAt: z.string(),
  exitCode: z.number().int(),
});
export type RunReport = z.infer<typeof runReportSchema>;
