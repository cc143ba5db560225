import { hash } from "node:crypto";
import { z } from "zod";
import { taskStateSchema } from "./task-state.ts";

/**
 * An event of a task, as it is stored and as every transport sends it, byte for byte. `seq` is contiguous from 1 over all
 * attempts. Types: those of AgentEvent and `attempt.lost`. Clients pass on types they do not know.
 */
export const taskEventSchema = z.object({
  v: z.literal(1),
  runId: z.string(),
  taskId: z.string(),
  epoch: z.string(),
  attempt: z.number().int().nonnegative(),
  seq: z.number().int().positive(),
  ts: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type TaskEvent = z.infer<typeof taskEventSchema>;

/** What `complete`, the last event, carries besides the agent's result. */
export const streamEndSchema = z.object({
  /** How many events come before it. */
  eventCount: z.number().int().nonnegative(),
  /** The digest over their texts. */
  eventDigest: z.string(),
});
export type StreamEnd = z.infer<typeof streamEndSchema>;

/** The server's first frame on a WebSocket. Not an event: it has no `seq`. */
export const helloSchema = z.object({
  type: z.literal("hello"),
  taskId: z.string(),
  epoch: z.string(),
  /** The first event that is still there; 1, since events are kept as long as their task. */
  firstSeq: z.number().int().positive(),
  lastSeq: z.number().int().nonnegative(),
  state: taskStateSchema,
});
export type Hello = z.infer<typeof helloSchema>;

/** A page of `GET /events`: the texts of the events as they are stored, parsed. */
export const eventPageSchema = z.object({
  epoch: z.string(),
  events: z.array(taskEventSchema),
  lastSeq: z.number().int().nonnegative(),
  /** True: no event will follow the last one of this page. */
  complete: z.boolean(),
});

/** d(0) = "", d(n) = hex(sha256(d(n-1) + "\n" + text of event n)): what arrived is what was stored, in order. */
export function digestEvent(before: string, text: string): string {
  return hash("sha256", `${before}\n${text}`, "hex");
}

/** WebSocket close codes of the event stream. 1000: everything was sent. */
export const closeCodes = {
  done: 1000,
  goingAway: 1001,
  internal: 1011,
  restart: 1012,
  tryAgainLater: 1013,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  notFound: 4404,
  tooSlow: 4408,
  resync: 4410,
  upgradeRequired: 4426,
  tooMany: 4429,
} as const;
