import { WorkerError } from "../../../core/worker-error.ts";
import type { Database } from "./database.ts";

/**
 * Step n leads from version n to n + 1 (`user_version`); steps that were released never change. `number` is a task's order of
 * creation. What changes with every event stands in a row apart from the request, which may be a megabyte: SQLite writes whole
 * rows. Triggers keep `counts`, so that it cannot differ from `tasks`.
 */
const steps: readonly string[] = [
  `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE tasks (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     owner TEXT NOT NULL,
     state TEXT NOT NULL,
     revision INTEGER NOT NULL,
     title TEXT NOT NULL,
     agent TEXT NOT NULL,
     parent TEXT,
     attempt INTEGER NOT NULL,
     runId TEXT,
     lastSeq INTEGER NOT NULL,
     digest TEXT NOT NULL,
     outcome TEXT,
     reason TEXT,
     base TEXT,
     commitId TEXT,
     fence INTEGER NOT NULL,
     leaseUntil INTEGER,
     interrupt TEXT,
     hasReport INTEGER NOT NULL,
     idempotencyKey TEXT,
     bodyHash TEXT NOT NULL,
     createdAt TEXT NOT NULL,
     startedAt TEXT,
     endedAt TEXT
   );
   CREATE UNIQUE INDEX tasksByKey ON tasks (owner, idempotencyKey) WHERE idempotencyKey IS NOT NULL;
   CREATE INDEX tasksByState ON tasks (owner, state, number);
   CREATE INDEX tasksByOwner ON tasks (owner, number);
   CREATE INDEX tasksByParent ON tasks (parent, number) WHERE parent IS NOT NULL;
   CREATE INDEX tasksByLease ON tasks (leaseUntil) WHERE leaseUntil IS NOT NULL;
   CREATE TABLE requests (task INTEGER PRIMARY KEY REFERENCES tasks ON DELETE CASCADE, text TEXT NOT NULL);
   CREATE TABLE reports (task INTEGER PRIMARY KEY REFERENCES tasks ON DELETE CASCADE, text TEXT NOT NULL);
   CREATE TABLE labels (
     task INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE,
     name TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (task, name)
   ) WITHOUT ROWID;
   CREATE INDEX labelsByName ON labels (name, value, task);
   CREATE TABLE events (task INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE, seq INTEGER NOT NULL, text TEXT NOT NULL);
   CREATE UNIQUE INDEX eventsBySeq ON events (task, seq);
   CREATE TABLE owners (name TEXT PRIMARY KEY, served INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE counts (
     owner TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (state, owner)
   ) WITHOUT ROWID;
   CREATE TRIGGER countInserted AFTER INSERT ON tasks BEGIN
     INSERT INTO counts VALUES (new.owner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
   END;
   CREATE TRIGGER countMoved AFTER UPDATE OF state ON tasks WHEN old.state <> new.state BEGIN
     UPDATE counts SET count = count - 1 WHERE owner = old.owner AND state = old.state;
     INSERT INTO counts VALUES (new.owner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
   END;
   CREATE TRIGGER countRemoved AFTER DELETE ON tasks BEGIN
     UPDATE counts SET count = count - 1 WHERE owner = old.owner AND state = old.state;
   END;
   CREATE TABLE sessions (
     owner TEXT NOT NULL, id TEXT NOT NULL, updatedAt TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (owner, id)
   ) WITHOUT ROWID;`,
  `CREATE TABLE runs (
     task INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE, id TEXT NOT NULL, PRIMARY KEY (task, id)
   ) WITHOUT ROWID;
   INSERT INTO runs SELECT number, runId FROM tasks WHERE runId IS NOT NULL;
   CREATE INDEX tasksByEnd ON tasks (endedAt) WHERE endedAt IS NOT NULL;
   CREATE INDEX sessionsByUpdate ON sessions (updatedAt);`,
];

/** Brings the file to the version this program knows. Throws STORE_FAILED where a newer program made it. */
export function migrate(database: Database): void {
  const version = Number(database.get("PRAGMA user_version")?.["user_version"]);
  if (version > steps.length) {
    throw new WorkerError(
      "STORE_FAILED",
      `The task server's file has version ${version}, made by a newer agent-worker; this one knows ${steps.length}.`,
      { hint: "Use the newer agent-worker, or choose another --data-dir." },
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    database.transaction(true, () => database.execute(`${step}; PRAGMA user_version = ${index + 1}`));
  }
}
