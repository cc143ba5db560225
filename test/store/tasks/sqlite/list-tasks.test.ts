import { join } from "node:path";
import { expect, it } from "vitest";
import { openSqliteTaskStore } from "../../../../src/store/tasks/sqlite/sqlite-task-store.ts";
import { taskStateSchema } from "../../../../src/protocol/task-state.ts";
import { makeDirectory } from "../../../support/repository.ts";

const base = "a".repeat(40);
const limits = { queueLimit: 1_000_000, ownerLimit: 1_000_000 };

/** As many as two common labels would be multiplied with each other: the time that is given is far more than one look at each takes. */
it("finds by several labels among thousands that have them", { timeout: 20_000 }, async () => {
  using directory = makeDirectory();
  await using store = await openSqliteTaskStore(join(directory.path, "tasks.sqlite"));
  const create = async (labels: Readonly<Record<string, string>>) => {
    const request = { task: "x", repository: { key: "app", base }, labels };
    const task = { owner: "alice", request, title: "x", agent: "claude", idempotencyKey: undefined, bodyHash: "x" };
    return store.create({ ...task, ...limits });
  };
  await Promise.all(Array.from({ length: 12_000 }, () => create({ team: "a", site: "b" })));
  await create({ team: "a", site: "b", rare: "c" });
  const find = async (labels: readonly string[]): Promise<number> => {
    const query = { owner: "alice", states: taskStateSchema.options, parent: undefined, cursor: undefined };
    return (await store.list({ ...query, labels, limit: 10 })).tasks.length;
  };
  expect(await find(["team", "site=b", "rare=c"])).toBe(1);
  expect(await find(["rare", "site=b"])).toBe(1);
  expect(await find(["team=a", "site=b"])).toBe(10);
  expect(await find(["team=a", "site=b", "rare=d"])).toBe(0);
  expect(await find(["team=b", "site=b"])).toBe(0);
});
