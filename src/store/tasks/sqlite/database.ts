import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { loadSqlite } from "./load-sqlite.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;
export type Values = Readonly<Record<string, SQLInputValue>>;

/** How long another program (a backup, the sqlite3 shell) may hold the file before a statement fails. */
const busyTimeoutMs = 2_000;

/** One connection. Values go by name: `:id`. Statements are compiled once. */
export class Database implements Disposable {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #synced: boolean | undefined;

  constructor(file: string) {
    const { DatabaseSync } = loadSqlite();
    this.#connection = new DatabaseSync(file, { timeout: busyTimeoutMs });
  }

  get(sql: string, values: Values = {}): Row | undefined {
    return this.#prepare(sql).get(values);
  }

  all(sql: string, values: Values = {}): readonly Row[] {
    return this.#prepare(sql).all(values);
  }

  iterate(sql: string, values: Values): Iterable<Row> {
    return this.#prepare(sql).iterate(values);
  }

  /** Answers how many rows changed. */
  run(sql: string, values: Values = {}): number {
    return Number(this.#prepare(sql).run(values).changes);
  }

  /** For what has no values, or is several statements. */
  execute(sql: string): void {
    this.#connection.exec(sql);
  }

  /**
   * Carries out `work` in one transaction. `synced`: it survives a power cut once this has returned (synchronous FULL);
   * otherwise the end of any process only (NORMAL). What is synced takes all that was committed before it along.
   */
  transaction<T>(synced: boolean, work: () => T): T {
    if (this.#synced !== synced) {
      this.execute(`PRAGMA synchronous = ${synced ? "FULL" : "NORMAL"}`);
      this.#synced = synced;
    }
    this.execute("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.execute("COMMIT");
      return result;
    } catch (error) {
      // SQLite has already rolled back where the disk refused.
      if (this.#connection.isTransaction) this.execute("ROLLBACK");
      throw error;
    }
  }

  /** Within a transaction: what `work` wrote is undone where it throws, and the rest of the transaction goes on. */
  savepoint<T>(work: () => T): T {
    this.run("SAVEPOINT write");
    try {
      const result = work();
      this.run("RELEASE write");
      return result;
    } catch (error) {
      if (this.#connection.isTransaction) this.execute("ROLLBACK TO write; RELEASE write");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#connection.isOpen) this.#connection.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
