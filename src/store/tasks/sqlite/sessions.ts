import { z } from "zod";
import { sessionResourceSchema } from "../../../protocol/task-resource.ts";
import { parseJson } from "../../../util/parse-json.ts";
import type { StoredSession } from "../task-store.ts";
import type { Database, Row } from "./database.ts";

const storedSessionSchema = sessionResourceSchema.extend({ owner: z.string(), file: z.string() });

export function saveSession(database: Database, session: StoredSession): void {
  const { owner, id, updatedAt } = storedSessionSchema.parse(session);
  database.run(
    `INSERT INTO sessions VALUES (:owner, :id, :updatedAt, :text)
     ON CONFLICT DO UPDATE SET updatedAt = :updatedAt, text = :text`,
    { owner, id, updatedAt, text: JSON.stringify(session) },
  );
}

export function readSession(database: Database, owner: string, id: string): StoredSession | null {
  const row = database.get("SELECT text FROM sessions WHERE owner = :owner AND id = :id", { owner, id });
  return row === undefined ? null : toSession(row);
}

/** The one that was continued last comes first. */
export function listSessions(database: Database, owner: string): readonly StoredSession[] {
  return database
    .all("SELECT text FROM sessions WHERE owner = :owner ORDER BY updatedAt DESC, id", { owner })
    .map(toSession);
}

export function removeSession(database: Database, owner: string, id: string): StoredSession | null {
  const session = readSession(database, owner, id);
  database.run("DELETE FROM sessions WHERE owner = :owner AND id = :id", { owner, id });
  return session;
}

export function toSession(row: Row): StoredSession {
  return storedSessionSchema.parse(parseJson(String(row["text"])));
}
