import { describe, expect, it } from "vitest";
import type { StoredSession, TaskQuery, TaskStore } from "../../../src/store/tasks/task-store.ts";
import { claimNext, createTask, ending, ts } from "./support.ts";
import type { CreatePlace } from "./support.ts";

const query: TaskQuery = { owner: "ann", states: [], labels: [], parent: undefined, limit: 100, cursor: undefined };
const session: StoredSession = {
  owner: "ann",
  id: "s-1",
  agent: "claude",
  repository: null,
  taskId: "01AAAAAAAAAAAAAAAAAAAAAAAA",
  title: "Say hello",
  sizeBytes: 12,
  createdAt: ts,
  updatedAt: ts,
  file: "/data/sessions/s-1.jsonl",
};

async function listTitles(store: TaskStore, more: Partial<TaskQuery>): Promise<readonly string[]> {
  return (await store.list({ ...query, ...more })).tasks.map(({ title }) => title);
}

export function describeLists(createPlace: CreatePlace): void {
  describe("lists", () => {
    it("go through all tasks of an owner page by page, newest first, whatever comes and goes meanwhile", async () => {
      using place = createPlace();
      await using store = await place.open({ now: () => 1_000_000 });
      const made = [];
      for (let index = 0; index < 25; index++) made.push(await createTask(store, { title: `t${index}` }));
      await createTask(store, { owner: "bob" });
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ ...query, limit: 10, cursor });
        seen.push(...page.tasks.map(({ title }) => title));
        cursor = page.nextCursor ?? undefined;
        await createTask(store, { title: "new" });
        const last = made.find(({ title }) => title === seen.at(-1));
        if (last !== undefined) await store.interrupt(last.id, "force");
        if (last !== undefined) await store.remove(last.id);
      } while (cursor !== undefined);
      expect(seen).toEqual(made.map(({ title }) => title).toReversed());
    });

    it("end where a page is full to the last task", async () => {
      using place = createPlace();
      await using store = await place.open();
      for (let index = 0; index < 4; index++) await createTask(store);
      const first = await store.list({ ...query, limit: 2 });
      const second = await store.list({ ...query, limit: 2, cursor: first.nextCursor ?? undefined });
      expect(second.tasks).toHaveLength(2);
      expect(second.nextCursor).toBeNull();
    });

    it("refuse a cursor that no page gave", async () => {
      using place = createPlace();
      await using store = await place.open();
      for (const cursor of ["", "x", "1", "bjA7LS0", "☃"]) {
        await expect(store.list({ ...query, cursor })).rejects.toMatchObject({ code: "USAGE" });
      }
    });

    it("keep to states, labels and parent", async () => {
      using place = createPlace();
      await using store = await place.open();
      const parent = await createTask(store, { title: "p" });
      await createTask(store, { title: "x", request: { labels: { team: "a", env: "" }, parent: parent.id } });
      await createTask(store, { title: "y", request: { labels: { team: "b=c" } } });
      await createTask(store, { title: "z", owner: "bob", request: { labels: { team: "a" } } });
      expect(await listTitles(store, { labels: ["team"] })).toEqual(["y", "x"]);
      expect(await listTitles(store, { labels: ["team=a"] })).toEqual(["x"]);
      expect(await listTitles(store, { labels: ["team=b=c"] })).toEqual(["y"]);
      expect(await listTitles(store, { labels: ["team", "env"] })).toEqual(["x"]);
      expect(await listTitles(store, { labels: ["team=", "env="] })).toEqual([]);
      expect(await listTitles(store, { labels: ["env="] })).toEqual(["x"]);
      expect(await listTitles(store, { parent: parent.id })).toEqual(["x"]);
      await claimNext(store);
      expect(await listTitles(store, { states: ["preparing", "running"] })).toEqual(["p"]);
      await createTask(store, { title: "w" });
      await claimNext(store);
      expect(await listTitles(store, { states: ["preparing", "queued"] })).toEqual(["w", "y", "x", "p"]);
      expect(await listTitles(store, { states: ["queued"], labels: ["team"] })).toEqual(["y", "x"]);
      expect(await listTitles(store, { owner: "nobody" })).toEqual([]);
    });

    it("count by state and owner", async () => {
      using place = createPlace();
      const first = await place.open();
      for (const owner of ["ann", "ann", "ann", "bob"]) await createTask(first, { owner });
      await first.finish((await claimNext(first)).claim, ending("failed"));
      await claimNext(first);
      await first[Symbol.asyncDispose]();
      await using store = await place.open();
      expect(await store.counts()).toMatchObject({
        queued: 2,
        active: 1,
        byState: { failed: 1, preparing: 1, queued: 2 },
      });
      expect(await store.counts("ann")).toMatchObject({ queued: 2, active: 0, byState: { failed: 1, lost: 0 } });
      expect(await store.counts("nobody")).toMatchObject({ queued: 0, active: 0 });
    });

    it("know the runs of all attempts of a task, until it is removed", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const first = await claimNext(store);
      await store.release(first.claim);
      const second = await claimNext(store);
      const runIds = [first.claim.runId, second.claim.runId];
      expect((await store.listRuns(id)).toSorted()).toEqual(runIds.toSorted());
      await store.finish(second.claim, ending());
      await store.remove(id);
      expect(await store.listRuns(id)).toEqual([]);
    });

    it("name the tasks of everybody that ended before a moment, the oldest first", async () => {
      using place = createPlace();
      let now = 1_000;
      await using store = await place.open({ now: () => now });
      const ids: string[] = [];
      for (const owner of ["ann", "bob", "ann"]) {
        now += 1_000;
        const { id } = await createTask(store, { owner });
        ids.push(id);
        await store.finish((await claimNext(store)).claim, ending());
      }
      await createTask(store);
      await claimNext(store);
      await createTask(store);
      now += 1_000_000;
      const list = async (before: number) => (await store.listExpired(before)).tasks.map(({ id }) => id);
      expect(await list(2_000)).toEqual([]);
      expect(await list(3_001)).toEqual(ids.slice(0, 2));
      expect(await list(now)).toEqual(ids);
    });

    it("name the conversations that nobody continues any more", async () => {
      using place = createPlace();
      await using store = await place.open();
      const ends = Date.parse(session.updatedAt);
      for (const id of ["s-1", "s-2", "s-3"]) await store.saveSession({ ...session, id });
      await createTask(store, { request: { session: "s-1" } });
      const { claim } = await claimNext(store);
      await createTask(store, { request: { session: "s-2" } });
      await createTask(store, { owner: "bob", request: { session: "s-3" } });
      const list = async (before: number) => (await store.listExpired(before)).sessions.map(({ id }) => id);
      expect(await list(ends)).toEqual([]);
      expect(await list(ends + 1)).toEqual(["s-3"]);
      await store.finish(claim, ending());
      expect(await list(ends + 1)).toEqual(["s-1", "s-3"]);
    });

    it("keep sessions per owner, the one continued last first", async () => {
      using place = createPlace();
      const first = await place.open();
      const newer = { ...session, id: "s-2", updatedAt: "2026-01-02T03:04:06.000Z" };
      await first.saveSession(session);
      await first.saveSession(newer);
      await first.saveSession({ ...session, owner: "bob" });
      await first[Symbol.asyncDispose]();
      await using store = await place.open();
      expect(await store.listSessions("ann")).toEqual([newer, session]);
      const continued = { ...session, title: "Again", updatedAt: "2026-01-03T00:00:00.000Z" };
      await store.saveSession(continued);
      expect(await store.listSessions("ann")).toEqual([continued, newer]);
      expect(await store.readSession("ann", "s-1")).toEqual(continued);
      expect(await store.removeSession("ann", "s-1")).toEqual(continued);
      expect(await store.removeSession("ann", "s-1")).toBeNull();
      expect(await store.readSession("ann", "s-1")).toBeNull();
      expect(await store.readSession("bob", "s-1")).toMatchObject({ owner: "bob" });
    });
  });
}
