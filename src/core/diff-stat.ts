import { z } from "zod";

const count = z.number().int().nonnegative();

/** One changed file. `path` is UTF-8 with U+FFFD for invalid bytes; then `pathB64` holds the exact bytes. */
export const fileStatSchema = z.object({
  path: z.string(),
  pathB64: z.string().optional(),
  /** The former path of a renamed or copied file. */
  from: z.string().optional(),
  status: z.enum(["added", "modified", "deleted", "renamed", "copied", "typechange"]),
  /** Lines; null for binary files, and those of more than 32 MiB count as such. */
  insertions: count.nullable(),
  deletions: count.nullable(),
  binary: z.boolean(),
});
export type FileStat = z.infer<typeof fileStatSchema>;

/** What changed between two commits. Totals are exact; `files` is cut at 10,000 with `truncated`. */
export const diffStatSchema = z.object({
  commits: count,
  filesChanged: count,
  insertions: count,
  deletions: count,
  files: z.array(fileStatSchema),
  truncated: z.boolean(),
});
export type DiffStat = z.infer<typeof diffStatSchema>;
