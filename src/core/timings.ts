import { z } from "zod";

const ms = z.number().nonnegative();

/** Milliseconds by phase; a phase that was not reached is 0. */
export const timingsSchema = z.object({
  /** The whole run. */
  totalMs: ms,
  /** Start of the run until the branch is reserved. */
  prepareMs: ms,
  /** Looking up or building the image. */
  imageMs: ms,
  /** Creating the container until the agent CLI is started in it. */
  startMs: ms,
  /** Start of the agent CLI until its first event. */
  firstEventMs: ms,
  /** Start of the agent CLI until it has ended. */
  agentMs: ms,
  /** Commit of leftovers, transfer and check of objects. */
  importMs: ms,
});
export type Timings = z.infer<typeof timingsSchema>;
