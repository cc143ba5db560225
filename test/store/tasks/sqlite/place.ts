import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSqliteTaskStore } from "../../../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { SqliteOptions } from "../../../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { StorePlace } from "../../../conformance/task-store/support.ts";

export interface SqlitePlace extends StorePlace {
  readonly file: string;
  open(options?: SqliteOptions): ReturnType<typeof openSqliteTaskStore>;
}

export function createPlace(): SqlitePlace {
  const directory = mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));
  const file = path.join(directory.path, "data", "tasks.sqlite");
  return {
    file,
    open: (options) => openSqliteTaskStore(file, options),
    [Symbol.dispose]: () => directory.remove(),
  };
}
