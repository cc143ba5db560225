import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { WorkerError } from "../../../../src/core/worker-error.ts";
import type { Claim, TaskStore } from "../../../../src/store/tasks/task-store.ts";
import { claimNext, createTask, ending, newTask, readAllEvents, say } from "../../../conformance/task-store/support.ts";
import { createPlace } from "./place.ts";

const smallBytes = 4 * 1024 * 1024;
const event = say("x".repeat(60_000));

/** A store that has little room, and how it gets more. */
interface SmallStore extends AsyncDisposable {
  readonly store: TaskStore;
  makeRoom(): Promise<void>;
}

/** SQLite itself refuses to let the file grow; what is removed from it makes room. */
async function openLimited(): Promise<SmallStore> {
  const place = createPlace();
  const store = await place.open({ maxBytes: smallBytes });
  await createTask(store, { title: "ballast" });
  const { claim } = await claimNext(store);
  await store.append(claim, [event, event, event, event]);
  await store.finish(claim, ending());
  return {
    store,
    makeRoom: async () => void (await store.remove(claim.taskId)),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
}

/** A file system of its own, filled up by another file; null where this process may not mount one. */
async function openMounted(): Promise<SmallStore | null> {
  const place = createPlace();
  const directory = path.dirname(place.file);
  mkdirSync(directory);
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${smallBytes}`, "tmpfs", directory], { stdio: "ignore" });
  } catch {
    place[Symbol.dispose]();
    return null;
  }
  const ballast = path.join(directory, "ballast");
  writeFileSync(ballast, Buffer.alloc(smallBytes / 2));
  const store = await place.open();
  return {
    store,
    makeRoom: async () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      execFileSync("/bin/umount", [directory]);
      place[Symbol.dispose]();
    },
  };
}

/** Appends until there is no room; answers the last number that was acknowledged, and how it was refused. */
async function fill(store: TaskStore, claim: Claim): Promise<{ readonly seq: number; readonly error: unknown }> {
  for (let seq = 0; seq < 1_000;) {
    const answers = await Promise.allSettled([store.append(claim, [event]), store.append(claim, [event, event])]);
    for (const answer of answers) {
      if (answer.status === "rejected") return { seq, error: answer.reason };
      seq = answer.value ?? seq;
    }
  }
  throw new Error("it was never full");
}

async function expectToSurvive(small: SmallStore): Promise<void> {
  const { store } = small;
  const { id } = await createTask(store);
  const { claim } = await claimNext(store);
  const { seq, error } = await fill(store, claim);
  expect(error).toBeInstanceOf(WorkerError);
  expect(error).toMatchObject({ code: "DISK_FULL" });
  const events = await readAllEvents(store, id);
  expect(events).toHaveLength(seq);
  await expect(store.create(newTask({ request: { task: "x".repeat(500_000) } }))).rejects.toMatchObject({
    code: "DISK_FULL",
  });
  expect(await store.read(id)).toMatchObject({ state: "preparing", lastSeq: seq });
  expect((await store.counts()).queued).toBe(0);
  await store.sweep(0);
  await small.makeRoom();
  expect(await store.append(claim, [event])).toBe(seq + 1);
  expect(await store.finish(claim, ending())).toMatchObject({ state: "succeeded", lastSeq: seq + 2 });
  expect(await readAllEvents(store, id)).toHaveLength(seq + 2);
}

it("refuses what does not fit into the largest size, undoes it, and goes on when there is room", async () => {
  await using small = await openLimited();
  await expectToSurvive(small);
});

it("refuses what does not fit on the disk, undoes it, and goes on when there is room", async () => {
  await using small = (await openMounted()) ?? (await openLimited());
  await expectToSurvive(small);
});
