import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempDisposableSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { createUlid } from "../../src/util/ulid.ts";

const temporary = () => mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));

const newRun = (runId = createUlid()) => ({
  runId,
  title: "Say hello",
  repository: "/home/ann/project",
  commonDirectory: "/home/ann/project/.git",
});

describe("the store", () => {
  it("keeps a run and its transitions", async () => {
    using directory = temporary();
    const store = openStore(path.join(directory.path, "deep", "state"));
    const run = newRun();
    const files = store.createRun(run);
    const branch = { name: "agent/hello", ref: "refs/heads/agent/hello", base: "a".repeat(40), created: true };
    files.update({ branch });
    files.tryUpdate({ containerId: "c1" });
    files.update({ outcome: "succeeded", endedAt: "2026-01-02T03:04:05.678Z" });
    const found = await store.readRun(run.runId);
    expect(found.record).toMatchObject({ ...run, branch, containerId: "c1", outcome: "succeeded", pid: process.pid });
  });

  it("lets nobody else read it", async () => {
    using directory = temporary();
    const files = openStore(directory.path).createRun(newRun());
    files.update({ containerId: "c1" });
    expect(statSync(files.directory).mode & 0o777).toBe(0o700);
    expect(statSync(path.dirname(files.directory)).mode & 0o777).toBe(0o700);
    expect(statSync(files.record).mode & 0o777).toBe(0o600);
  });

  it("lists nothing where there is no state, and makes none by looking", async () => {
    using directory = temporary();
    const state = path.join(directory.path, "state");
    expect(await openStore(state).listRuns()).toEqual([]);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it("lists the newest first, and damaged or foreign directories as such", async () => {
    using directory = temporary();
    const store = openStore(directory.path);
    const older = store.createRun(newRun(createUlid(1000)));
    const newer = store.createRun(newRun(createUlid(2000)));
    const runs = path.dirname(older.directory);
    for (const [name, content] of Object.entries({ torn: '{"schema":"agent-w', foreign: "{}", empty: null })) {
      mkdirSync(path.join(runs, name));
      if (content !== null) writeFileSync(path.join(runs, name, "run.json"), content);
    }
    writeFileSync(path.join(runs, "stray"), "a file");
    const found = await store.listRuns();
    expect(found.map(({ id, problem }) => [id, problem])).toEqual([
      ["torn", "run.json is damaged"],
      ["stray", "run.json: ENOTDIR"],
      ["foreign", "run.json is not a record of this version"],
      ["empty", "run.json: ENOENT"],
      [path.basename(newer.directory), null],
      [path.basename(older.directory), null],
    ]);
  });

  it("finds a run by id, by a beginning or an end that is unique, and the latest", async () => {
    using directory = temporary();
    const store = openStore(directory.path);
    for (const id of ["01AAAAAAAAAAAAAAAAAAAAAXYZ", "01BBBBBBBBBBBBBBBBBBBBBXYZ"]) store.createRun(newRun(id));
    mkdirSync(path.join(directory.path, "runs", "zzz"));
    const idOf = async (query: string) => (await store.readRun(query)).id;
    expect(await idOf("01aa")).toBe("01AAAAAAAAAAAAAAAAAAAAAXYZ");
    expect(await idOf("BXYZ")).toBe("01BBBBBBBBBBBBBBBBBBBBBXYZ");
    expect(await idOf("latest")).toBe("01BBBBBBBBBBBBBBBBBBBBBXYZ");
    expect(await idOf("zzz")).toBe("zzz");
    for (const query of ["xyz", "01", "99", "", "../runs"]) {
      await expect(store.readRun(query)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    }
  });

  it("removes a run, twice without complaint", async () => {
    using directory = temporary();
    const store = openStore(directory.path);
    const run = newRun();
    store.createRun(run);
    await store.removeRun(run.runId);
    await store.removeRun(run.runId);
    expect(readdirSync(path.join(directory.path, "runs"))).toEqual([]);
  });

  it("hides what a kill in the middle of making or removing left, and sweeps it when it is old", async () => {
    using directory = temporary();
    const store = openStore(directory.path);
    const files = store.createRun(newRun());
    const runs = path.dirname(files.directory);
    mkdirSync(path.join(runs, ".new-01X"));
    mkdirSync(path.join(runs, ".old-01Y"));
    expect(await store.listRuns()).toHaveLength(1);
    await store.sweep();
    expect(readdirSync(runs)).toHaveLength(3);
    for (const name of [".new-01X", ".old-01Y"]) utimesSync(path.join(runs, name), 1, 1);
    await store.sweep();
    expect(readdirSync(runs)).toEqual([path.basename(files.directory)]);
  });

  it("refuses a second run of the same id and leaves the first as it is", async () => {
    using directory = temporary();
    const store = openStore(directory.path);
    const run = newRun();
    store.createRun(run);
    expect(() => store.createRun(run)).toThrow(expect.objectContaining({ code: "STATE_UNWRITABLE" }));
    expect((await store.readRun(run.runId)).record?.title).toBe("Say hello");
  });

  it("says what to do when the state directory cannot be made", async () => {
    using directory = temporary();
    const file = path.join(directory.path, "file");
    writeFileSync(file, "");
    const hint = expect.stringContaining("AGENT_WORKER_STATE_DIR");
    expect(() => openStore(path.join(file, "state")).createRun(newRun())).toThrow(
      expect.objectContaining({ code: "STATE_UNWRITABLE", hint }),
    );
  });

  it("serves several processes that create runs at once", async () => {
    using directory = temporary();
    const source = `
      const { openStore } = await import(process.argv[1] + "/src/store/store.ts");
      const { createUlid } = await import(process.argv[1] + "/src/util/ulid.ts");
      const store = openStore(process.argv[2]);
      await Promise.all(Array.from({ length: 20 }, () =>
        store.createRun({ runId: createUlid(), title: "t", repository: "/r", commonDirectory: "/r/.git" })));
    `;
    const root = path.resolve(import.meta.dirname, "../..");
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ["--input-type=module", "-e", source, root, directory.path], { stdio: "inherit" }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    expect(codes).toEqual([0, 0, 0]);
    const found = await openStore(directory.path).listRuns();
    expect(found.filter(({ record }) => record !== null)).toHaveLength(60);
  });
});
