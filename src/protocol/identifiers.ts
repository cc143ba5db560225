import { z } from "zod";

/** A task's id, and a run's: a ULID. */
export const taskIdSchema = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

/** A commit id. */
export const commitIdSchema = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** What a repository is called on a server; one space of names per key. Nothing in it can leave a directory. */
export const repositoryKeySchema = z
  .string()
  // What is too long is not looked at any further: megabytes would be more than a pattern can take.
  .max(100, { abort: true })
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/)
  .refine((key) => !/\.(?:git|lock)$/i.test(key), "must not end with .git or .lock");

/** The id that the agent CLI gave a conversation. */
export const sessionIdSchema = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

export const labelsSchema = z
  .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= 32, "at most 32 labels");

/** Where the client pushes the commit a task starts from: the only refs of a server that a push may write. */
export function buildInboxRef(sha: string): string {
  return `refs/inbox/${sha}`;
}

/** Where a task's result can be fetched. */
export function buildTaskRef(taskId: string): string {
  return `refs/tasks/${taskId}`;
}
