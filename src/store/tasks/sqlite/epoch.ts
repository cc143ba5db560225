import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { parseJson } from "../../../util/parse-json.ts";
import { readProcessIdentity } from "../../../util/process-identity.ts";
import type { Database } from "./database.ts";

/**
 * The name of the log, and what notices that it is another one. It is the same log only where
 * - the file is the one it was (device and inode): else it was copied;
 * - `<file>.witness`, which is not copied along, names its epoch and an event that it holds: else an older copy was put in its place;
 * - it was closed, or the system has not been started since: else a power cut may have taken events that readers had seen,
 *   since appends are not synced one by one.
 * In doubt it is another one: readers then start over. A system whose whole disk is set back, this file too, is not noticed.
 */
export interface Epoch {
  readonly name: string;
  /** Notes the last event, so that an older copy is told apart. Cheap; what cannot be written is left out. */
  witness(): void;
  /** Before events of a task are removed: they may be what the witness names. */
  forget(taskId: string): void;
  /** Everything is on the disk. */
  close(): void;
}

const witnessSchema = z.object({
  epoch: z.string(),
  event: z.object({ taskId: z.string(), seq: z.number(), sha256: z.string() }).nullable(),
});
type Witness = z.infer<typeof witnessSchema>;

export function openEpoch(database: Database, file: string): Epoch {
  const witnessFile = `${file}.witness`;
  const { dev, ino } = statSync(file, { bigint: true });
  const identity = `${dev}:${ino}`;
  const boot = readProcessIdentity().bootId ?? "unknown";
  const before = readMeta(database);
  const found = readWitness(witnessFile);
  const wasSynced = before["closed"] === "1" || (before["boot"] === boot && boot !== "unknown");
  const isSame = wasSynced && before["identity"] === identity && found !== null && found.epoch === before["epoch"];
  const kept = isSame && holdsEvent(database, found) ? before["epoch"] : undefined;
  const name = kept ?? randomBytes(8).toString("hex");
  database.transaction(true, () => writeMeta(database, { epoch: name, identity, boot, closed: "0" }));
  let current = readLastEvent(database, name);
  writeWitness(witnessFile, current);
  const note = (next: Witness): void => {
    if (JSON.stringify(next) === JSON.stringify(current)) return;
    writeWitness(witnessFile, next);
    current = next;
  };
  const witness = (): void => attempt(() => note(readLastEvent(database, name)));
  return {
    name,
    witness,
    forget(taskId) {
      if (current.event?.taskId === taskId) note({ epoch: name, event: null });
    },
    close() {
      witness();
      attempt(() => database.transaction(true, () => writeMeta(database, { closed: "1" })));
    },
  };
}

/** Without it the next start may take the log for another one; that is no reason to fail. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // A full disk.
  }
}

function readMeta(database: Database): Readonly<Record<string, string>> {
  const rows = database.all("SELECT name, value FROM meta");
  return Object.fromEntries(rows.map((row) => [String(row["name"]), String(row["value"])]));
}

function writeMeta(database: Database, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    database.run("INSERT INTO meta VALUES (:name, :value) ON CONFLICT DO UPDATE SET value = :value", { name, value });
  }
}

function readWitness(file: string): Witness | null {
  try {
    return witnessSchema.safeParse(parseJson(readFileSync(file, "utf8"))).data ?? null;
  } catch {
    return null;
  }
}

function writeWitness(file: string, witness: Witness): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, JSON.stringify(witness), { mode: 0o600 });
  renameSync(temporary, file);
}

function readLastEvent(database: Database, epoch: string): Witness {
  const row = database.get(
    "SELECT id, seq, text FROM events JOIN tasks ON number = task ORDER BY events.rowid DESC LIMIT 1",
  );
  if (row === undefined) return { epoch, event: null };
  const { id, seq, text } = row;
  return { epoch, event: { taskId: String(id), seq: Number(seq), sha256: sha256(String(text)) } };
}

function holdsEvent(database: Database, { event }: Witness): boolean {
  if (event === null) return true;
  const { taskId, seq } = event;
  const row = database.get(
    "SELECT text FROM events WHERE task = (SELECT number FROM tasks WHERE id = :taskId) AND seq = :seq",
    { taskId, seq },
  );
  return row !== undefined && sha256(String(row["text"])) === event.sha256;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
