import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunFiles } from "../../../src/store/run-files.ts";
import { createUlid } from "../../../src/util/ulid.ts";
import { baseImage, openEngine } from "../../support/engine.ts";
import { makeRepository } from "../../support/repository.ts";
import { openWorld } from "./runs-world.ts";

/** As if another process had carried the run out, and had ended. */
function kill(files: RunFiles, changes: object = {}): void {
  const record: object = { ...JSON.parse(readFileSync(files.record, "utf8")), pidStartTime: "1", ...changes };
  writeFileSync(files.record, JSON.stringify(record));
}

const idOf = (files: RunFiles): string => basename(files.directory);

/** A killed run that had reserved a branch at the only commit of a new repository. */
async function openKilled(changes: { created?: boolean } = {}) {
  const world = openWorld();
  const repository = makeRepository();
  const base = repository.commit({ a: "1" });
  repository.git("branch", "agent/x");
  const files = world.create("Killed", createUlid(), repository.path);
  const branch = { name: "agent/x", ref: "refs/heads/agent/x", base, created: true, ...changes };
  kill(files, { branch });
  const branches = () => repository.git("branch", "--list", "agent/*").trim();
  const dispose = () => [world, repository].forEach((part) => part[Symbol.dispose]());
  return { world, repository, base, files, branches, [Symbol.dispose]: dispose };
}

describe("runs clean", () => {
  it("removes what a kill -9 left, and keeps the logs", async () => {
    using world = openWorld();
    const source = `
      const { openStore } = await import(process.argv[1] + "/src/store/store.ts");
      const store = openStore(process.argv[2]);
      const files = await store.createRun({ runId: "01ARYZ6S41TSV4RRFFQ69G5FAV", title: "t", repository: "/r", commonDirectory: "/r" });
      await files.update({ runtimeDirectory: process.argv[3] });
      await (await import("node:fs/promises")).mkdir(files.scratch);
      process.stdout.write("running");
      setInterval(() => {}, 1000);
    `;
    const runtime = mkdtempSync(join(world.directory.path, "agent-worker-"));
    const root = resolve(import.meta.dirname, "../../..");
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, root, world.state, runtime]);
    await once(child.stdout, "data");
    expect((await world.call("clean")).stderr).toBe("There is nothing to clean up.\n");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await world.call("list")).stdout).toContain("killed");
    const cleaned = await world.call("clean");
    expect(cleaned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("removed its runtime directory") });
    expect(existsSync(runtime)).toBe(false);
    expect(existsSync((await world.store.readRun("latest")).paths.scratch)).toBe(false);
    expect((await world.call("clean")).stderr).toBe("There is nothing to clean up.\n");
    expect((await world.store.readRun("latest")).record?.endedAt).not.toBeNull();
  });

  it("removes the containers of a killed run, and no others", async () => {
    using world = openWorld();
    await using engine = await openEngine();
    const [killed, alive] = [world.create("Killed"), world.create("Alive")];
    const containers = await Promise.all(
      [killed, alive].map((files) =>
        engine.docker.createContainer({ Image: baseImage, Cmd: ["true"], Labels: { "agent-worker.run": idOf(files) } }),
      ),
    );
    kill(killed);
    const cleaned = await world.call("clean");
    const states = await Promise.allSettled(containers.map((container) => container.inspect()));
    await Promise.allSettled(containers.map((container) => container.remove({ force: true })));
    expect(cleaned.stdout).toBe(`${idOf(killed)}: removed its container\n`);
    expect(states.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });

  it("deletes the branch that still stands where it was reserved", async () => {
    using killed = await openKilled();
    expect((await killed.world.call("clean")).stdout).toContain("deleted the branch agent/x");
    expect(killed.branches()).toBe("");
  });

  it("leaves a branch that was there before, has moved or is checked out", async () => {
    using before = await openKilled({ created: false });
    using moved = await openKilled();
    moved.repository.git("branch", "-f", "agent/x", moved.repository.commit({ b: "2" }));
    using inUse = await openKilled();
    inUse.repository.git("switch", "-q", "agent/x");
    for (const killed of [before, moved, inUse]) {
      expect((await killed.world.call("clean")).exitCode).toBe(0);
      expect(killed.branches()).toMatch(/agent\/x$/);
    }
  });

  it("keeps work that no branch holds, and says how to get at it, until it is forced", async () => {
    using killed = await openKilled();
    const { world, repository, files } = killed;
    const ref = `refs/agent-worker/${idOf(files)}`;
    repository.git("update-ref", ref, repository.git("commit-tree", "-p", killed.base, "-m", "work", "HEAD^{tree}"));
    expect((await world.call("clean")).stdout).toContain(
      `its work is kept (git -C '${repository.path}' branch NEW-NAME ${ref})`,
    );
    expect(await world.call("clean", idOf(files))).toMatchObject({ exitCode: 2, stdout: "" });
    expect((await world.call("clean", "--older-than", "1ms")).exitCode).toBe(0);
    expect(repository.git("for-each-ref", ref)).toContain(ref);
    expect(await world.call("clean", idOf(files), "--force")).toMatchObject({ exitCode: 0 });
    expect(repository.git("for-each-ref", ref)).toBe("");
    expect(await world.store.listRuns()).toEqual([]);
  });

  it("drops the ref of work that a branch holds", async () => {
    using killed = await openKilled({ created: false });
    const ref = `refs/agent-worker/${idOf(killed.files)}`;
    killed.repository.git("update-ref", ref, "HEAD");
    expect((await killed.world.call("clean", "latest")).stdout).toContain("removed its record and logs");
    expect(killed.repository.git("for-each-ref", ref)).toBe("");
  });

  it("manages without the repository when that is gone", async () => {
    using killed = await openKilled();
    rmSync(killed.repository.path, { recursive: true });
    expect((await killed.world.call("clean")).exitCode).toBe(0);
  });

  it("refuses a run that is alive, and one of another host until it is forced", async () => {
    using world = openWorld();
    const [alive, elsewhere] = [world.create("Alive"), world.create("Elsewhere")];
    kill(elsewhere, { host: "elsewhere.example" });
    for (const force of [[], ["--force"]]) {
      const refused = await world.call("clean", idOf(alive), ...force);
      expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("still running") });
    }
    expect(await world.call("clean", idOf(elsewhere))).toMatchObject({ exitCode: 2 });
    expect(await world.call("clean", idOf(elsewhere), "--force")).toMatchObject({ exitCode: 0 });
    expect((await world.store.listRuns()).map(({ id }) => id)).toEqual([idOf(alive)]);
  });

  it("removes old runs that have ended, and damaged ones only by name", async () => {
    using world = openWorld();
    const [old, young] = [world.create("Old"), world.create("Young")];
    const ended = { endedAt: new Date().toISOString(), outcome: "succeeded" } as const;
    for (const files of [old, young]) files.update(ended);
    kill(old, { createdAt: "2020-01-02T03:04:05.678Z" });
    mkdirSync(join(world.state, "runs", "odd"));
    expect((await world.call("clean", "--older-than", "30d")).stdout).toBe(
      `${idOf(old)}: removed its record and logs\n`,
    );
    expect((await world.store.listRuns()).map(({ id }) => id)).toEqual(["odd", idOf(young)]);
    expect((await world.call("clean", "odd")).exitCode).toBe(0);
    expect(await world.store.listRuns()).toHaveLength(1);
  });

  it("only says what it would do on a dry run", async () => {
    using killed = await openKilled();
    const { stdout } = await killed.world.call("clean", "latest", "--dry-run");
    expect(stdout).toContain("would delete the branch agent/x if it holds nothing, would remove its record and logs");
    expect(killed.branches()).toBe("agent/x");
    expect((await killed.world.store.readRun("latest")).record?.endedAt).toBeNull();
  });

  it("leaves alone what does not look like a runtime directory of ours", async () => {
    using world = openWorld();
    const home = join(world.directory.path, "precious");
    mkdirSync(home);
    const link = join(world.directory.path, "agent-worker-link");
    symlinkSync(home, link);
    for (const runtimeDirectory of [home, link, "relative/agent-worker-x"]) {
      kill(world.create("Killed"), { runtimeDirectory });
    }
    expect((await world.call("clean")).exitCode).toBe(0);
    expect([existsSync(home), existsSync(link)]).toEqual([true, true]);
  });

  it("stops at a signal, as cancelled", async () => {
    using world = openWorld();
    kill(world.create("Killed"));
    world.abort.abort("SIGTERM");
    await expect(world.call("clean")).rejects.toBe("SIGTERM");
    expect((await world.store.readRun("latest")).record?.endedAt).toBeNull();
  });

  it("refuses an age that is none", async () => {
    using world = openWorld();
    await expect(world.call("clean", "--older-than", "soon")).rejects.toMatchObject({ code: "USAGE" });
  });
});
