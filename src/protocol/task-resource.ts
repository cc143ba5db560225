import { z } from "zod";
import { outcomeSchema, reasonSchema } from "../core/ending-schema.ts";
import { commitIdSchema, labelsSchema, sessionIdSchema, taskIdSchema } from "./identifiers.ts";
import { repositoryRequestSchema } from "./task-request.ts";
import { taskStateSchema } from "./task-state.ts";

const timestamp = z.iso.datetime();

/** A task as the server shows it. Clients ignore fields they do not know. */
export const taskResourceSchema = z.object({
  id: taskIdSchema,
  state: taskStateSchema,
  /** Grows with every change; also the ETag. */
  revision: z.number().int().positive(),
  /** One line for people. */
  title: z.string(),
  repository: repositoryRequestSchema,
  agent: z.string(),
  model: z.string().nullable(),
  session: sessionIdSchema.nullable(),
  parent: taskIdSchema.nullable(),
  labels: labelsSchema,
  /** 0 while queued for the first time. */
  attempt: z.number().int().nonnegative(),
  /** Which log the events are in; another one means that they were begun anew. */
  epoch: z.string(),
  /** How many events there are. */
  lastSeq: z.number().int().nonnegative(),
  /** null until the state is terminal; `unavailable` where it is `lost`. */
  outcome: outcomeSchema.nullable(),
  reason: reasonSchema.nullable(),
  /** The commit it starts from; null until it is resolved. */
  base: commitIdSchema.nullable(),
  /** The result, fetchable as refs/tasks/<id>; null where there is none. */
  commit: commitIdSchema.nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type TaskResource = z.infer<typeof taskResourceSchema>;

export const taskPageSchema = z.object({ tasks: z.array(taskResourceSchema), nextCursor: z.string().nullable() });
export type TaskPage = z.infer<typeof taskPageSchema>;

export const interruptRequestSchema = z.strictObject({ mode: z.enum(["graceful", "force"]).default("graceful") });
export type InterruptMode = z.infer<typeof interruptRequestSchema>["mode"];

/** A conversation that a later task can continue. */
export const sessionResourceSchema = z.object({
  id: sessionIdSchema,
  agent: z.string(),
  /** The repository's key, where it has one. */
  repository: z.string().nullable(),
  /** The task that continued it last. */
  taskId: taskIdSchema,
  title: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type SessionResource = z.infer<typeof sessionResourceSchema>;
