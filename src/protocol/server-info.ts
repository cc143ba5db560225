import { z } from "zod";

/** The API's major version: a client and a server must agree on it. */
export const apiVersion = 1;

/** `GET /api/v1/version`. */
export const versionSchema = z.object({ name: z.string(), version: z.string(), api: z.number().int() });

const count = z.number().int().nonnegative();

/** `GET /health`: whoever asks with a key gets all of it, anybody else `status` only. */
export const healthSchema = z.object({
  status: z.enum(["ok", "degraded", "draining"]),
  version: z.string(),
  store: z.object({ engine: z.string(), status: z.enum(["ok", "failing"]) }),
  queue: z.object({ engine: z.string(), queued: count, limit: count }),
  agentCli: z.object({
    name: z.string(),
    version: z.string().nullable(),
    engine: z.enum(["ok", "unavailable", "unknown"]),
  }),
  /** Opens after three tasks in a row that the surroundings did not let run. */
  breaker: z.object({ state: z.enum(["closed", "open", "half-open"]), failures: count }),
  active: count,
  concurrency: count,
  warm: z.object({ ready: count, limit: count }),
  totals: z.object({ received: count, succeeded: count, failed: count }),
  /** Of what has succeeded or failed since the server started, what was cancelled being neither; null before anything has. */
  successRate: z.number().min(0).max(1).nullable(),
  uptimeSeconds: z.number().nonnegative(),
});
export type Health = z.infer<typeof healthSchema>;
