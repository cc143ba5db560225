import { z } from "zod";
import { outcomeSchema, reasonSchema } from "./ending-schema.ts";
import { timingsSchema } from "./timings.ts";
import { usageSchema } from "./usage.ts";
import { warningSchema } from "./warning.ts";

const truncation = { truncated: z.boolean().optional(), bytes: z.number().int().nonnegative().optional() };

/** Who did the work, as it said itself. */
export const agentInfoSchema = z.object({
  name: z.string(),
  version: z.string().nullable(),
  model: z.string().nullable(),
  sessionId: z.string().nullable(),
});

/** Where the agent ran: the image's id, how it got the repository's objects, and what the container found reachable. */
export const containerInfoSchema = z.object({
  image: z.string(),
  objects: z.enum(["shared", "copied"]),
  selfTest: z.object({ modelEndpoint: z.boolean(), reachable: z.array(z.string()) }),
  /** True: the agent CLI was started and waiting before the task came. */
  warm: z.boolean().optional(),
});

/** How an attempt ended and where its work is. */
export const agentResultSchema = z.object({
  outcome: outcomeSchema,
  reason: reasonSchema.nullable(),
  /** The commit that holds the work, already imported into the repository; null where there is none. */
  commit: z.string().nullable(),
  agent: agentInfoSchema,
  container: containerInfoSchema.nullable(),
  usage: usageSchema,
  timings: timingsSchema,
});
export type AgentResult = z.infer<typeof agentResultSchema>;

const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), data: z.object(shape) });

/** What an agent says while it works. Exactly one `complete`, last. */
export const agentEventSchema = z.discriminatedUnion("type", [
  event("run.started", {
    title: z.string(),
    executionMode: z.enum(["cli", "server"]),
    agent: z.string(),
    repository: z.string(),
    base: z.string(),
    branch: z.string(),
  }),
  event("workspace.ready", containerInfoSchema.shape),
  event("image.progress", { text: z.string() }),
  event("agent.started", {
    sessionId: z.string().nullable(),
    model: z.string().nullable(),
    version: z.string().nullable(),
  }),
  event("message", { text: z.string(), ...truncation }),
  event("thinking", { text: z.string(), ...truncation }),
  event("tool_use", { id: z.string(), name: z.string(), input: z.unknown(), ...truncation }),
  event("tool_result", { id: z.string(), isError: z.boolean(), preview: z.string(), bytes: z.number().int() }),
  event("usage", usageSchema.shape),
  event("progress", { phase: z.string(), text: z.string().optional() }),
  event("log", { stream: z.enum(["stdout", "stderr"]), text: z.string(), ...truncation }),
  event("gate", { name: z.string(), status: z.string(), detail: z.string(), durationMs: z.number() }),
  event("warning", warningSchema.shape),
  event("error", { code: z.string(), message: z.string() }),
  event("complete", agentResultSchema.shape),
]);
export type AgentEvent = z.infer<typeof agentEventSchema>;
