import { z } from "zod";

/** One request of the container, as it is kept in `egress.ndjson`: never headers, never bodies, never a query. */
export const egressRecordSchema = z.object({
  /** When the request came, RFC 3339 in UTC. */
  ts: z.string(),
  method: z.string(),
  /** Where an allowed request went; what a denied one asked for. */
  host: z.string(),
  path: z.string(),
  decision: z.enum(["allow", "deny"]),
  /** What the container got; null where it went away before an answer. */
  status: z.number().int().nullable(),
  requestBytes: z.number().int().nonnegative(),
  responseBytes: z.number().int().nonnegative(),
  /** Until the last byte. */
  durationMs: z.number().nonnegative(),
});
export type EgressRecord = z.infer<typeof egressRecordSchema>;
