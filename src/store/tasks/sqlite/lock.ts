import { closeSync, openSync } from "node:fs";
import { WorkerError } from "../../../core/worker-error.ts";
import { readCode } from "../../../util/error-facts.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { isLocked, toStoreError } from "./sqlite-error.ts";

/**
 * Holds `file` for this process until it is disposed. It is a lock of the system on a database of its own, which nothing is
 * written to: the end of the process, however it comes, is the end of the lock. Throws STORE_LOCKED at once where another holds it.
 */
export function openLock(file: string): Disposable {
  const { DatabaseSync } = loadSqlite();
  try {
    createPrivate(file);
    const connection = new DatabaseSync(file, { timeout: 0 });
    try {
      connection.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      connection.close();
      throw error;
    }
    return { [Symbol.dispose]: () => connection.close() };
  } catch (error) {
    if (!isLocked(error)) throw toStoreError(file, error);
    throw new WorkerError("STORE_LOCKED", `The tasks in ${file.replace(/\.lock$/, "")} are in use by another server.`, {
      cause: error,
    });
  }
}

/**
 * Makes the file, for its owner only, where it is not there. One that is there is not opened: a process that closes any
 * descriptor of a file loses all its locks on it, those of another store in this process too (fcntl).
 */
export function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (readCode(error) !== "EEXIST") throw error;
  }
}
