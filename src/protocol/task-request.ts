import { z } from "zod";
import { commitIdSchema, labelsSchema, repositoryKeySchema, sessionIdSchema, taskIdSchema } from "./identifiers.ts";

/** The longest prompt, in bytes of UTF-8. */
export const maxTaskBytes = 1024 * 1024;

const revisionSchema = z
  .string()
  .min(1)
  .max(1_000)
  .regex(/^[^-\0\s][^\0\s]*$/);

/** `key`: pushed to the server over HTTP. `url`: the server fetches it. `path`: a directory below one of the server's workspace roots. */
export const repositoryRequestSchema = z.union([
  z.strictObject({ key: repositoryKeySchema, base: commitIdSchema }),
  z.strictObject({ url: z.url({ protocol: /^(?:https|ssh)$/ }).max(2_000), base: revisionSchema }),
  z.strictObject({
    path: z
      .string()
      .min(1)
      .max(4_096)
      .regex(/^\/[^\0]*$/),
    base: revisionSchema,
  }),
]);
export type RepositoryRequest = z.infer<typeof repositoryRequestSchema>;

export const limitsRequestSchema = z.strictObject({
  wallSeconds: z.number().positive().max(2_592_000).optional(),
  idleSeconds: z.number().positive().max(2_592_000).optional(),
  turns: z.number().int().positive().optional(),
  costUsd: z.number().positive().optional(),
  tokens: z.number().int().positive().optional(),
});

/** The body of `POST /api/v1/tasks`. Unknown fields are refused. */
export const taskRequestSchema = z.strictObject({
  /** The prompt, UTF-8. */
  task: z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= maxTaskBytes, `at most ${maxTaskBytes} bytes`),
  repository: repositoryRequestSchema,
  agent: z.string().min(1).max(64).optional(),
  model: z.string().min(1).max(256).optional(),
  mode: z.string().min(1).max(64).optional(),
  limits: limitsRequestSchema.optional(),
  gates: z.array(z.string()).max(32).optional(),
  /** A conversation of the same key that this task continues. */
  session: sessionIdSchema.optional(),
  parent: taskIdSchema.optional(),
  labels: labelsSchema.optional(),
  /** What becomes of the task when its attempt is lost with the server's process or machine. Default: retry. */
  onLost: z.enum(["retry", "fail"]).optional(),
});
export type TaskRequest = z.infer<typeof taskRequestSchema>;
