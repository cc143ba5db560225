import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes a file so that a reader, or a start after a kill -9, sees the old content or the new one and never a part.
 * Missing parent directories are made. Without `mode` the process's umask decides. Not synced: a power cut may lose it.
 * For small files: it does not go through Node's threads, where each of the five calls would wait for its turn.
 */
export function writeAtomic(file: string, content: string | Uint8Array, mode?: number): void {
  const directory = path.dirname(file);
  mkdirSync(directory, { recursive: true });
  // In the same directory, since rename does not cross file systems; the name fits however long the final one is.
  const temporary = path.join(directory, `.agent-worker-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
  try {
    const descriptor = openSync(temporary, "wx", mode ?? 0o666);
    try {
      writeFileSync(descriptor, content);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
