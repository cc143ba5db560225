import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";

/**
 * Writes a file so that a reader, or a start after a kill -9, sees the old content or the new one and never a part.
 * Missing parent directories are made. Without `mode` the process's umask decides. Not synced: a power cut may lose it.
 */
export async function writeAtomic(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const directory = path.dirname(file);
  await mkdir(directory, { recursive: true });
  // In the same directory, since rename does not cross file systems; the name fits however long the final one is.
  const temporary = path.join(directory, `.agent-worker-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
  try {
    await using handle = await open(temporary, "wx", mode ?? 0o666);
    await handle.writeFile(content);
    await handle.close();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
