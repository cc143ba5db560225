import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SqliteOptions } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import { makeDirectory } from "./repository.ts";
import type { TestServer } from "./task-server.ts";

/** A data directory that can be full. */
export interface SmallPlace extends Disposable {
  readonly path: string;
  readonly sqlite: SqliteOptions;
  /** Before anything else; `carryOutBallast` carries out a task that can be removed later, and takes 6 MB. */
  prepare(carryOutBallast: () => Promise<void>): Promise<void>;
  /** Until not even a small task goes in. `base` is one that the server has, under the key `app`. */
  fill(server: TestServer, base: string): Promise<void>;
  makeRoom(server: TestServer): Promise<void>;
}

export const ballastTitle = "Ballast";

/** A disk of its own, where this process may mount one; else SQLite's largest size. */
export function openSmallDisk(): SmallPlace {
  const directory = makeDirectory("agent-worker-small-");
  const { path } = directory;
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", path], { stdio: "ignore" });
  } catch {
    directory[Symbol.dispose]();
    return openSmallDatabase();
  }
  const ballast = join(path, "ballast");
  return {
    path,
    sqlite: {},
    // A write-ahead log that has been long has room within itself.
    prepare: async () => undefined,
    async fill() {
      const file = openSync(ballast, "a");
      try {
        for (;;) writeSync(file, Buffer.alloc(4_096));
      } catch {
        closeSync(file);
      }
    },
    makeRoom: async () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      execFileSync("/bin/umount", [path]);
      directory[Symbol.dispose]();
    },
  };
}

/** SQLite itself lets the file grow no further. What makes room is the removal of a task. */
export function openSmallDatabase(): SmallPlace {
  const directory = makeDirectory("agent-worker-small-");
  return {
    path: directory.path,
    sqlite: { maxBytes: 10_000_000 },
    prepare: (carryOutBallast) => carryOutBallast(),
    async fill(server, base) {
      for (const characters of [300_000, 30_000, 3_000, 300]) {
        for (let status = 201; status === 201;) {
          const json = { task: "x".repeat(characters), repository: { key: "app", base } };
          ({ status } = await server.request("/api/v1/tasks", { json }));
        }
      }
    },
    async makeRoom(server) {
      const { tasks } = await server.store.list({
        owner: "alice",
        states: ["succeeded", "no_changes"],
        labels: [],
        parent: undefined,
        limit: 100,
        cursor: undefined,
      });
      const ballast = tasks.find(({ title }) => title === ballastTitle);
      await server.store.remove(ballast?.id ?? "");
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}
