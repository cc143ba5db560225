import { z } from "zod";

/** RFC 9457, `application/problem+json`: what every refusal of the server looks like. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  /** A key of `problemTable`. */
  code: z.string(),
  requestId: z.string(),
  retryable: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Every refusal there is. Codes are stable; docs/server.md lists them. */
export const problemTable = {
  BAD_REQUEST: { status: 400, retryable: false, title: "The request is malformed" },
  UNAUTHORIZED: { status: 401, retryable: false, title: "A valid key is needed" },
  FORBIDDEN: { status: 403, retryable: false, title: "Not allowed" },
  NOT_FOUND: { status: 404, retryable: false, title: "There is nothing here" },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, title: "This method is not allowed here" },
  REQUEST_TIMEOUT: { status: 408, retryable: true, title: "The request took too long" },
  IN_FLIGHT: { status: 409, retryable: true, title: "The same request is still being carried out" },
  NOT_FINISHED: { status: 409, retryable: true, title: "The task has not ended" },
  ALREADY_ENDED: { status: 409, retryable: false, title: "The task has ended" },
  GONE: { status: 410, retryable: false, title: "It is gone" },
  TOO_LARGE: { status: 413, retryable: false, title: "The request is too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, title: "The content type is not supported" },
  KEY_REUSED: { status: 422, retryable: false, title: "The Idempotency-Key was used for another request" },
  BASE_MISSING: { status: 422, retryable: false, title: "The base commit is not on this server" },
  REPOSITORY_REFUSED: { status: 422, retryable: false, title: "The repository is not allowed" },
  AGENT_UNKNOWN: { status: 422, retryable: false, title: "There is no such agent" },
  UNSUPPORTED: { status: 422, retryable: false, title: "This server does not support it" },
  SESSION_UNKNOWN: { status: 422, retryable: false, title: "There is no such session" },
  UPGRADE_REQUIRED: { status: 426, retryable: false, title: "This version of the API is not spoken here" },
  QUEUE_FULL: { status: 429, retryable: true, title: "The queue is full" },
  TOO_MANY_REQUESTS: { status: 429, retryable: true, title: "Too many requests" },
  HEADERS_TOO_LARGE: { status: 431, retryable: false, title: "The headers are too large" },
  INTERNAL: { status: 500, retryable: true, title: "The server failed" },
  DRAINING: { status: 503, retryable: true, title: "The server is shutting down" },
  DISK_FULL: { status: 507, retryable: true, title: "The server's disk is full" },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>;
export type ProblemCode = keyof typeof problemTable;
