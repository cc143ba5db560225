import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openSqliteTaskStore } from "../../../../src/store/tasks/sqlite/sqlite-task-store.ts";
import { claimNext, createTask, ending, readAllEvents, say } from "../../../conformance/task-store/support.ts";
import { createPlace } from "./place.ts";

const root = path.resolve(import.meta.dirname, "../../../..");

describe("the file of the task store", () => {
  it("is for its owner only, and so is all beside it", async () => {
    using place = createPlace();
    await using store = await place.open();
    await createTask(store);
    expect(statSync(path.dirname(place.file)).mode & 0o777).toBe(0o700);
    for (const suffix of ["", "-wal", "-shm", ".lock", ".witness"]) {
      expect([suffix, statSync(place.file + suffix).mode & 0o777]).toEqual([suffix, 0o600]);
    }
  });

  it("is refused to a second store in the same process, and free when the first is closed", async () => {
    using place = createPlace();
    const first = await place.open();
    await expect(place.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await expect(place.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    const task = await createTask(first);
    await first[Symbol.asyncDispose]();
    await using second = await place.open();
    expect(await second.read(task.id)).toEqual(task);
  });

  it("is refused to a second process, and free at once when the first is killed", async () => {
    using place = createPlace();
    const source = `
      const { openSqliteTaskStore } = await import(process.argv[1] + "/src/store/tasks/sqlite/sqlite-task-store.ts");
      const store = await openSqliteTaskStore(process.argv[2]);
      process.stdout.write(store.epoch);
      setInterval(() => undefined, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, root, place.file]);
    const [epoch] = (await once(child.stdout, "data")) as [Buffer];
    await expect(place.open()).rejects.toMatchObject({
      code: "STORE_LOCKED",
      message: expect.stringContaining("tasks.sqlite are in use"),
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    await using store = await place.open();
    expect(store.epoch).toBe(epoch.toString());
  });

  it("says what to do where it is damaged", async () => {
    using place = createPlace();
    const first = await place.open();
    for (let index = 0; index < 200; index++) await createTask(first);
    await first[Symbol.asyncDispose]();
    const whole = readFileSync(place.file);
    const damages = { header: [0, 100], schema: [100, 4096], cut: [0, 0] } as const;
    for (const [name, [from, to]] of Object.entries(damages)) {
      writeFileSync(place.file, Buffer.from(whole).fill(0x5a, from, to));
      if (name === "cut") truncateSync(place.file, 5_000);
      await expect(place.open()).rejects.toMatchObject({
        code: "STORE_FAILED",
        hint: expect.stringContaining("put back a backup"),
      });
    }
    writeFileSync(place.file, whole);
    await using store = await place.open();
    expect((await store.counts()).queued).toBe(200);
  });

  it("is not touched where a newer program made it", async () => {
    using place = createPlace();
    await (await place.open())[Symbol.asyncDispose]();
    {
      using database = new DatabaseSync(place.file);
      database.exec("PRAGMA user_version = 99");
    }
    await expect(place.open()).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("version 99, made by a newer agent-worker"),
    });
    using database = new DatabaseSync(place.file);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 });
  });

  it("cannot be made where there is no place for it", async () => {
    using place = createPlace();
    await (await place.open())[Symbol.asyncDispose]();
    await expect(openSqliteTaskStore(path.join(place.file, "tasks.sqlite"))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });
});

describe("the epoch", () => {
  it("is another one in a copied file, which holds the same tasks", async () => {
    using place = createPlace();
    using other = createPlace();
    const first = await place.open();
    const task = await createTask(first);
    const { claim } = await claimNext(first);
    await first.append(claim, [say("one")]);
    await (await other.open())[Symbol.asyncDispose]();
    rmSync(other.file);
    // While it is in use: what a copy holds then is in its log.
    copyFileSync(place.file, other.file);
    copyFileSync(`${place.file}-wal`, `${other.file}-wal`);
    copyFileSync(`${place.file}.witness`, `${other.file}.witness`);
    await using copy = await other.open();
    expect(copy.epoch).not.toBe(first.epoch);
    await copy.append(claim, [say("two")]);
    await copy.finish(claim, ending());
    const events = await readAllEvents(copy, task.id);
    expect(events.map(({ epoch }) => epoch)).toEqual([first.epoch, copy.epoch, copy.epoch]);
    expect((await copy.read(task.id))?.epoch).toBe(copy.epoch);
    await first[Symbol.asyncDispose]();
    await using again = await place.open();
    expect(again.epoch).toBe(first.epoch);
  });

  it("is another one where an older copy was put in the place of the file", async () => {
    using place = createPlace();
    const first = await place.open();
    await createTask(first);
    const { claim } = await claimNext(first);
    await first.append(claim, [say("one")]);
    await first[Symbol.asyncDispose]();
    const backup = readFileSync(place.file);
    const second = await place.open();
    expect(second.epoch).toBe(first.epoch);
    await second.append(claim, [say("seen by somebody")]);
    await second[Symbol.asyncDispose]();
    // The same file to the system: written over, not made anew.
    writeFileSync(place.file, backup);
    const third = await place.open();
    expect(third.epoch).not.toBe(first.epoch);
    expect(await third.append(claim, [say("instead")])).toBe(2);
    await third[Symbol.asyncDispose]();
    await using fourth = await place.open();
    expect(fourth.epoch).toBe(third.epoch);
  });

  it("stays where a task was removed, just before a kill -9", async () => {
    using place = createPlace();
    const source = `
      const { openSqliteTaskStore } = await import(process.argv[1] + "/src/store/tasks/sqlite/sqlite-task-store.ts");
      const { newTask } = await import(process.argv[1] + "/test/conformance/task-store/support.ts");
      const store = await openSqliteTaskStore(process.argv[2]);
      const { task } = await store.create(newTask());
      await store.interrupt(task.id, "force");
      await store.sweep(0);
      await store.remove(task.id);
      process.stdout.write(store.epoch, () => process.kill(process.pid, "SIGKILL"));
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, root, place.file]);
    const exited = once(child, "exit");
    const [epoch] = (await once(child.stdout, "data")) as [Buffer];
    expect(await exited).toEqual([null, "SIGKILL"]);
    await using store = await place.open();
    expect(store.epoch).toBe(epoch.toString());
    expect((await store.counts()).byState.cancelled).toBe(0);
  });

  it("is another one after the system was started anew without the store being closed", async () => {
    using place = createPlace();
    const first = await place.open();
    await first[Symbol.asyncDispose]();
    const set = (values: string): void => {
      using database = new DatabaseSync(place.file);
      database.exec(`UPDATE meta SET value = ${values}`);
    };
    set("'another boot' WHERE name = 'boot'");
    const second = await place.open();
    expect(second.epoch).toBe(first.epoch);
    await second[Symbol.asyncDispose]();
    set("CASE name WHEN 'boot' THEN 'another boot' ELSE '0' END WHERE name IN ('boot', 'closed')");
    await using third = await place.open();
    expect(third.epoch).not.toBe(first.epoch);
  });
});
