import type { WorkerError } from "../../core/worker-error.ts";

/** What became of a request. */
export type Reply = Answer | Failure;

export interface Answer {
  readonly ok: true;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text; empty where a stream was asked for. */
  readonly text: string;
}

export interface Failure {
  readonly ok: false;
  readonly error: WorkerError;
  /** The status, where there was an answer. */
  readonly status: number | null;
  /** `problem+json`'s code, where there was one. */
  readonly problem: string | null;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Certain: the server has not acted on it, so that another one may be asked. */
  readonly untouched: boolean;
  /** The answer was longer than any may be. */
  readonly tooLarge?: boolean;
  /** What the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | null;
}
