import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createTaskSessions } from "../../../src/server/dispatch/task-sessions.ts";
import type { TaskSessions } from "../../../src/server/dispatch/task-sessions.ts";
import { openStore } from "../../../src/store/store.ts";
import type { Claim } from "../../../src/store/tasks/task-store.ts";
import { createUlid } from "../../../src/util/ulid.ts";
import { openDispatchWorld } from "../../support/dispatch-world.ts";
import type { DispatchWorld } from "../../support/dispatch-world.ts";

interface Opened extends AsyncDisposable {
  readonly world: DispatchWorld;
  readonly sessions: TaskSessions;
  /** A task of which a run has left this conversation. */
  leave(id: string | undefined, content: string): ReturnType<DispatchWorld["submit"]>;
}

async function openSessions(): Promise<Opened> {
  const world = await openDispatchWorld();
  const { dataDirectory, directory, store } = world;
  const runs = openStore(dataDirectory);
  const sessions = createTaskSessions({ store, runs, dataDirectory, mostSessions: 2 });
  return {
    world,
    sessions,
    async leave(session, content) {
      const task = await world.submit();
      const runId = createUlid();
      const files = runs.createRun({ runId, title: "", repository: directory, commonDirectory: directory });
      writeFileSync(files.session, content);
      if (session !== undefined) files.update({ session });
      const claim: Claim = { taskId: task.id, fence: 1, attempt: 1, runId };
      await sessions.keep(task, claim);
      return task;
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

it("keeps as many conversations of an owner as it may: the one that was continued least recently goes, with its file", async () => {
  await using opened = await openSessions();
  const { store, dataDirectory } = opened.world;
  const file = (id: string): string => join(dataDirectory, "sessions/alice", `${id}.jsonl`);
  for (const id of ["one", "two", "one", "three"]) await opened.leave(id, `of ${id}`);
  expect((await store.listSessions("alice")).map(({ id }) => id).toSorted()).toEqual(["one", "three"]);
  expect(["one", "two", "three"].map((id) => existsSync(file(id)))).toEqual([true, false, true]);
  expect(readFileSync(file("three"), "utf8")).toBe("of three");
});

it("keeps the title and the beginning of a conversation that goes on, and names the task that had it last", async () => {
  await using opened = await openSessions();
  const { store } = opened.world;
  await opened.leave("one", "a");
  const before = await store.readSession("alice", "one");
  const { id: taskId } = await opened.leave("one", "abc");
  const { title, createdAt } = before ?? {};
  expect(await store.readSession("alice", "one")).toMatchObject({ title, createdAt, taskId, sizeBytes: 3 });
});

it("keeps nothing of a run that has left none, and nothing under a name that could lead elsewhere", async () => {
  await using opened = await openSessions();
  await opened.leave(undefined, "a");
  await opened.leave("../escaped", "a");
  expect(await opened.world.store.listSessions("alice")).toEqual([]);
});

it("finds the conversation that a task names, and says where it was removed meanwhile", async () => {
  await using opened = await openSessions();
  const { world, sessions } = opened;
  const { store } = world;
  await opened.leave("one", "a");
  const task = await world.submit({ session: "one" });
  expect(await sessions.find(task)).toMatchObject({ id: "one", file: expect.stringMatching(/alice\/one\.jsonl$/) });
  expect(await sessions.find(await world.submit())).toBeUndefined();
  await store.removeSession("alice", "one");
  await expect(sessions.find(task)).rejects.toMatchObject({ code: "SESSION_UNKNOWN" });
});
