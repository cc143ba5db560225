import { z } from "zod";
import { outcomeSchema } from "../core/ending-schema.ts";
import { remoteRunSchema } from "../core/remote-run.ts";

/**
 * `run.json`: what the next start must know of a run to show it, and to remove what it left when it was killed.
 * Written when the run begins, before anything is made outside the state directory, and at each transition.
 */
export const runRecordSchema = z.object({
  schema: z.literal("agent-worker/run/1"),
  runId: z.string(),
  title: z.string(),
  /** The process that carries it out; see util/process-identity.ts. */
  pid: z.number().int().positive(),
  pidStartTime: z.string().nullable(),
  bootId: z.string().nullable(),
  host: z.string(),
  /** The repository as the user named it, absolute. */
  repository: z.string(),
  /** Git's common directory of that repository, absolute: where refs and objects are. */
  commonDirectory: z.string(),
  /**
   * The branch the work is meant for: `ref` is its full name, `base` the commit id it was reserved at. `created`: it was made
   * for this run, so that it may be deleted while it stands at `base`; a branch that was there before is the user's.
   */
  branch: z
    .object({
      name: z.string(),
      ref: z.string(),
      base: z.string(),
      created: z.boolean(),
      /** Where a branch that was there before stood, and must still stand when it is published. */
      expected: z.string().nullable().optional(),
      /** The ref that the base was asked for by. */
      baseRef: z.string().nullable().optional(),
    })
    .nullable(),
  /** The task server, in server mode. */
  server: remoteRunSchema.optional(),
  /** No run but an agent that waits for one. */
  waiting: z.literal(true).optional(),
  /** What the agent CLI called its conversation, where its record of it is kept. */
  session: z.string().optional(),
  containerId: z.string().nullable(),
  /** The short private directory that holds sockets. */
  runtimeDirectory: z.string().nullable(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  outcome: outcomeSchema.nullable(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** What the caller knows when a run begins; the store adds the rest. */
export interface NewRun {
  readonly runId: string;
  readonly title: string;
  readonly repository: string;
  readonly commonDirectory: string;
  readonly branch?: RunRecord["branch"];
  readonly runtimeDirectory?: string | null;
  readonly waiting?: true;
}

/** The fields that change while a run goes on. */
export type RunPatch = Partial<
  Pick<
    RunRecord,
    | "branch"
    | "containerId"
    | "runtimeDirectory"
    | "endedAt"
    | "outcome"
    | "commonDirectory"
    | "server"
    | "session"
    | "pid"
    | "pidStartTime"
    | "bootId"
    | "host"
  >
>;
