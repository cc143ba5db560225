import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { StoredTask } from "../../../src/store/tasks/task-store.ts";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import type { DispatchWorld } from "../../support/dispatch-world.ts";
import { makeDirectory } from "../../support/repository.ts";

const program = new URL("../../support/dispatch-process/main.ts", import.meta.url).pathname;
const kills = 10;

async function start(
  dataDirectory: string,
  ...settings: readonly string[]
): Promise<{ child: ChildProcess; hear: (word: string) => Promise<void> }> {
  const child = spawn(process.execPath, [program, dataDirectory, ...settings], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("no pipe");
  const words = createInterface(child.stdout)[Symbol.asyncIterator]();
  const hear = async (wanted: string): Promise<void> => {
    for (;;) {
      const { value, done } = await words.next();
      if (done === true) throw new Error(`it ended without ${wanted}`);
      if (value === wanted) return;
    }
  };
  return { child, hear };
}

it("A server that is killed again and again loses no task and no event, doubles none, and ends each task once", async () => {
  using directory = makeDirectory();
  const dataDirectory = directory.path;
  const ids: string[] = [];
  {
    await using world = await openDispatchWorld({ dataDirectory });
    for (let count = 0; count < 20; count += 1) ids.push((await world.submit()).id);
  }
  for (let count = 0; count < kills; count += 1) await killAtRandom(dataDirectory);
  await workToTheEnd(dataDirectory);
  await using world = await openDispatchWorld({ dataDirectory });
  const tasks = await Promise.all(ids.map((id) => expectTask(world, id)));
  const published = tasks
    .filter(({ state }) => state === "succeeded")
    .map(({ id, commit }) => `refs/tasks/${id} ${commit}`);
  const refs = world.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tasks/").split("\n");
  expect(refs.filter((line) => line !== "")).toEqual(published.toSorted());
  expect(world.refs().filter((ref) => ref.startsWith("refs/attempts/"))).toEqual([]);
});

it("A server that stood still for longer than its lease goes on with what it holds", async () => {
  using directory = makeDirectory();
  const dataDirectory = directory.path;
  const ids: string[] = [];
  {
    await using world = await openDispatchWorld({ dataDirectory });
    for (let count = 0; count < 6; count += 1) ids.push((await world.submit()).id);
  }
  const { child, hear } = await start(dataDirectory, "120");
  const closed = once(child, "close");
  await hear("ready");
  await sleep(100);
  child.kill("SIGSTOP");
  await sleep(400);
  child.kill("SIGCONT");
  await hear("idle");
  child.stdin?.end();
  await closed;
  await using world = await openDispatchWorld({ dataDirectory });
  const tasks = await Promise.all(ids.map((id) => expectTask(world, id)));
  expect(tasks.map(({ state, attempt }) => [state, attempt])).toEqual(ids.map(() => ["succeeded", 1]));
});

async function killAtRandom(dataDirectory: string): Promise<void> {
  const { child, hear } = await start(dataDirectory);
  const closed = once(child, "close");
  await hear("ready");
  // A random point of its work: that is what is tried here.
  await sleep(Math.random() * 300);
  child.kill("SIGKILL");
  await closed;
}

async function workToTheEnd(dataDirectory: string): Promise<void> {
  const { child, hear } = await start(dataDirectory);
  const closed = once(child, "close");
  await hear("idle");
  child.stdin?.end();
  await closed;
}

/** Two attempts were killed, or one went through; and of each attempt there is what it said, from the start, once. */
async function expectTask(world: DispatchWorld, id: string): Promise<StoredTask> {
  const task = await world.end(id);
  expect(task.state === "lost" ? "lost after 2" : task.state).toMatch(/^(succeeded|lost after 2)$/);
  expect(task.attempt).toBeGreaterThanOrEqual(task.state === "lost" ? 2 : 1);
  await expectWhole(world.store, id);
  const events = await world.readEvents(id);
  for (const attempt of [1, 2]) {
    const said = events.filter((event) => event.type === "message" && event.attempt === attempt);
    const all = Array.from({ length: 20 }, (_, index) => String(index));
    expect(said.map(({ data }) => data["text"])).toEqual(all.slice(0, said.length));
    const isWhole = task.state === "succeeded" && task.attempt === attempt;
    expect(said.length).toBeGreaterThanOrEqual(isWhole ? 20 : 0);
  }
  return task;
}
