import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import type { Warning } from "../core/warning.ts";
import { readMessage } from "../util/error-facts.ts";

/** A log that is appended to while a run goes on. It never stops the run: what could not be written is a warning. */
export interface AppendLog extends AsyncDisposable {
  /** Takes a piece without waiting; pieces are written in order, those of one tick together. */
  append(piece: string | Uint8Array): void;
  /** Resolves when little is waiting to be written: await it between large pieces, so that memory stays flat. */
  ready(): Promise<void>;
  /** LOG_INCOMPLETE when something could not be written. */
  warning(): Warning | null;
  /** Writes what is left and closes. Later pieces are dropped. */
  close(): Promise<void>;
}

const highWaterBytes = 256 * 1024;

/** Opens (mode 0600) for appending. A file that cannot be opened gives a log that only counts, and warns. */
export function openAppendLog(file: string): AppendLog {
  return new FileAppendLog(file);
}

class FileAppendLog implements AppendLog {
  readonly #file: string;
  /** null where it could not be opened. */
  readonly #handle: Promise<FileHandle | null>;
  #waiting: (string | Uint8Array)[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #closed = false;
  #lost = 0;
  #problem = "";
  /** The last batch broke off, perhaps within a line. */
  #torn = false;

  constructor(file: string) {
    this.#file = file;
    this.#handle = open(file, "a", 0o600).catch((error: unknown) => {
      this.#problem = readMessage(error);
      return null;
    });
  }

  append(piece: string | Uint8Array): void {
    if (this.#closed) return;
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    this.#writing ??= this.#writeAll();
  }

  async ready(): Promise<void> {
    while (this.#waitingBytes > highWaterBytes) await this.#writing;
  }

  warning(): Warning | null {
    if (this.#problem === "") return null;
    const name = path.basename(this.#file);
    return {
      code: "LOG_INCOMPLETE",
      message: `${name} lacks ${this.#lost} of its entries: ${this.#problem}`,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    const handle = await this.#handle;
    await handle?.close().catch((error: unknown) => (this.#problem ||= readMessage(error)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #writeAll(): Promise<void> {
    // To the end of this tick, so that what it says goes out with one system call.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#writeBatch(batch);
    }
    this.#writing = null;
  }

  async #writeBatch(batch: readonly (string | Uint8Array)[]): Promise<void> {
    const bytes = toBytes(this.#torn ? ["\n", ...batch] : batch);
    try {
      const handle = await this.#handle;
      if (handle === null) throw new Error(this.#problem);
      for (let offset = 0; offset < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, offset);
        offset += bytesWritten;
      }
      this.#torn = false;
    } catch (error) {
      this.#torn = true;
      this.#lost += batch.length;
      this.#problem ||= readMessage(error);
    }
    this.#waitingBytes = this.#waiting.reduce((sum, piece) => sum + piece.length, 0);
  }
}

function toBytes(pieces: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)));
}
