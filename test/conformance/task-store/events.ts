import { describe, expect, it } from "vitest";
import { digestEvent } from "../../../src/protocol/task-event.ts";
import type { Claim } from "../../../src/store/tasks/task-store.ts";
import { claimNext, createTask, ending, readAllEvents, say, ts } from "./support.ts";
import type { CreatePlace } from "./support.ts";

export function describeEvents(createPlace: CreatePlace): void {
  describe("events", () => {
    it("are stored as one text each, as the protocol says", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      const text = "line\nbreak \u2028 ☃ \u0000 \ud800 end";
      expect(await store.append(claim, [say(text)])).toBe(1);
      const { epoch } = store;
      const event = {
        v: 1,
        runId: claim.runId,
        taskId: id,
        epoch,
        attempt: 1,
        seq: 1,
        ts,
        type: "message",
        data: { text },
      };
      const page = await store.readEvents(id, { after: 0, limit: 10 });
      expect(page).toEqual({ events: [{ seq: 1, text: JSON.stringify(event) }], lastSeq: 1, complete: false });
    });

    it("get contiguous numbers, in the order of the calls, of many callers and tasks at once", async () => {
      using place = createPlace();
      await using store = await place.open();
      for (let index = 0; index < 4; index++) await createTask(store);
      const claims: Claim[] = [];
      for (let index = 0; index < 4; index++) claims.push((await claimNext(store)).claim);
      const calls = Array.from({ length: 400 }, (_, index) => index);
      const answers = await Promise.all(
        calls.map((index) => store.append(claims[index % 4] as Claim, [say(`${index} a`), say(`${index} b`)])),
      );
      expect(answers).toEqual(calls.map((index) => (Math.floor(index / 4) + 1) * 2));
      for (const [own, claim] of claims.entries()) {
        await store.finish(claim, ending());
        const texts = (await readAllEvents(store, claim.taskId, 33)).slice(0, -1).map(({ data }) => data["text"]);
        expect(texts).toEqual(calls.flatMap((index) => (index % 4 === own ? [`${index} a`, `${index} b`] : [])));
      }
    });

    it("are read after a number, and are complete with the last one only", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      expect(await store.readEvents(id, { after: 0, limit: 5 })).toEqual({ events: [], lastSeq: 0, complete: false });
      expect(await store.append(claim, [])).toBe(0);
      await store.append(claim, [1, 2, 3, 4].map(String).map(say));
      const read = async (after: number, limit: number) => {
        const page = await store.readEvents(id, { after, limit });
        return [page?.events.map(({ seq }) => seq), page?.lastSeq, page?.complete];
      };
      expect(await read(1, 2)).toEqual([[2, 3], 4, false]);
      expect(await read(4, 9)).toEqual([[], 4, false]);
      await store.finish(claim, ending());
      expect(await read(0, 4)).toEqual([[1, 2, 3, 4], 5, false]);
      expect(await read(4, 9)).toEqual([[5], 5, true]);
      expect(await read(5, 9)).toEqual([[], 5, true]);
    });

    it("carry a digest of all that was stored, also over a restart in between", async () => {
      using place = createPlace();
      const first = await place.open();
      const { id } = await createTask(first);
      const { claim } = await claimNext(first);
      await first.append(claim, [say("one"), say("two ☃")]);
      await first[Symbol.asyncDispose]();
      await using second = await place.open();
      await second.append(claim, [say("three")]);
      await second.finish(claim, ending());
      const page = await second.readEvents(id, { after: 0, limit: 10 });
      const texts = page?.events.map(({ text }) => text) ?? [];
      const end = JSON.parse(texts.at(-1) ?? "") as { data: unknown };
      expect(end.data).toMatchObject({ eventCount: 3, eventDigest: texts.slice(0, -1).reduce(digestEvent, "") });
    });

    it("make a page smaller where they are large, and lose none", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      const large = Array.from({ length: 20 }, (_, index) => say(String(index).repeat(200_000).slice(0, 200_000)));
      expect(await store.append(claim, large)).toBe(20);
      const page = await store.readEvents(id, { after: 0, limit: 200 });
      expect(page?.events.length).toBeGreaterThan(0);
      expect(page?.events.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(2 * 1024 * 1024);
      expect(await readAllEvents(store, id, 200)).toHaveLength(20);
    });

    it("change the revision of their task", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim, task } = await claimNext(store);
      await store.append(claim, [say("one")]);
      const after = await store.read(id);
      expect(after?.lastSeq).toBe(1);
      expect(after?.revision).toBeGreaterThan(task.revision);
    });
  });
}
