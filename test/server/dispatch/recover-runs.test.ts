import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildKeptRef } from "../../../src/core/kept-ref.ts";
import { createRecovery } from "../../../src/server/dispatch/recover-runs.ts";
import { openStore } from "../../../src/store/store.ts";
import type { RunFiles } from "../../../src/store/run-files.ts";
import { createUlid } from "../../../src/util/ulid.ts";
import { createCleaningPorts } from "../../../src/worker/cleaning/cleaning-ports.ts";
import { baseImage, never, openEngine, readEngineSettings } from "../../support/engine.ts";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import type { DispatchWorld } from "../../support/dispatch-world.ts";
import { gitSettings } from "../../support/repository.ts";
import { workUntilStopped, writeFile } from "../../support/scripted-runner.ts";

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

function recover(world: DispatchWorld): Promise<void> {
  const runs = openStore(world.dataDirectory);
  const surroundings = { engine: readEngineSettings(), git: gitSettings };
  const { dataDirectory } = world;
  return createRecovery({ runs, dataDirectory, ports: (signal) => createCleaningPorts(surroundings, signal), logger })(
    never,
  );
}

/** A run as the server records it; `pid` 1 with another start is how it looks where the server is the first process of a container. */
async function record(world: DispatchWorld, { isKilled }: { readonly isKilled: boolean }): Promise<RunFiles> {
  const runId = createUlid();
  const name = `agent/x-${runId.slice(-6).toLowerCase()}`;
  const files = openStore(world.dataDirectory).createRun({
    runId,
    title: "t",
    repository: world.directory,
    commonDirectory: world.directory,
    branch: { name, ref: `refs/heads/${name}`, base: world.base, created: true },
  });
  const runtimeDirectory = join(world.dataDirectory, `agent-worker-${runId}`);
  for (const directory of [runtimeDirectory, files.scratch]) mkdirSync(directory);
  files.update({ runtimeDirectory });
  world.git("update-ref", `refs/heads/${name}`, world.base);
  world.git("update-ref", buildKeptRef(runId), world.base);
  if (isKilled) {
    const text = JSON.parse(readFileSync(files.record, "utf8"));
    writeFileSync(files.record, JSON.stringify({ ...text, pid: 1, pidStartTime: "0", host: "gone" }));
  }
  return files;
}

const idOf = (files: RunFiles): string => files.directory.slice(-26);

const started = (branch: string) => ({ ts: new Date().toISOString(), type: "run.started", data: { branch } });

describe("a server that starts after another was killed", () => {
  it("removes containers, directories and refs of its runs, and leaves its own alone", async () => {
    await using world = await openDispatchWorld();
    await using engine = await openEngine();
    const [killed, own] = [await record(world, { isKilled: true }), await record(world, { isKilled: false })];
    const containers = await Promise.all(
      [killed, own].map((files) =>
        engine.docker.createContainer({ Image: baseImage, Cmd: ["true"], Labels: { "agent-worker.run": idOf(files) } }),
      ),
    );
    try {
      await recover(world);
      const states = await Promise.allSettled(containers.map((container) => container.inspect()));
      expect(states.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    } finally {
      await Promise.allSettled(containers.map((container) => container.remove({ force: true })));
    }
    expect([killed, own].map(({ scratch }) => existsSync(scratch))).toEqual([false, true]);
    expect(existsSync(join(world.dataDirectory, `agent-worker-${idOf(killed)}`))).toBe(false);
    expect(world.refs().filter((ref) => ref.includes(idOf(killed)))).toEqual([]);
    expect(world.refs().filter((ref) => ref.startsWith("refs/heads/"))).toHaveLength(1);
    expect(world.refs()).toContain(buildKeptRef(idOf(own)));
  });

  it("takes what the lost attempts had written to git, and tries again", async () => {
    await using world = await openDispatchWorld();
    const { id } = await world.submit();
    const last = await world.submit({ onLost: "fail" });
    // An attempt that was handed back is not counted: the one that is lost has its number.
    const handedBack = await world.store.claim({ leaseMs: 600_000, runId: createUlid() });
    expect(handedBack?.task.id).toBe(id);
    if (handedBack !== null) {
      await world.store.append(handedBack.claim, [started("agent/handed-back")]);
      await world.store.release(handedBack.claim);
    }
    // As it stands when a process is killed between the end of its run and that of the task.
    for (const taskId of [id, last.id]) {
      const runId = createUlid();
      const claimed = await world.store.claim({ leaseMs: 600_000, runId });
      expect(claimed?.task.id).toBe(taskId);
      if (claimed === null) continue;
      const { claim } = claimed;
      const branch = `agent/x-${runId.slice(-6).toLowerCase()}`;
      const refs = { taskId, fence: claim.fence, runId, base: world.base, branch };
      await world.repositories.begin(world.directory, refs);
      await world.store.append(claim, [started(branch)]);
      await world.repositories.publish(world.directory, { ...refs, branch: null }, world.base);
      world.git("update-ref", `refs/heads/${branch}`, world.base);
    }
    await world.start(writeFile);
    expect(await world.end(last.id)).toMatchObject({ state: "lost", attempt: 1 });
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`, `refs/tasks/${id}`]);
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    await Promise.all([id, last.id].map((taskId) => expectWhole(world.store, taskId)));
  });

  it("serves tasks meanwhile, and is not stopped by a failure", async () => {
    await using world = await openDispatchWorld();
    const begun = Promise.withResolvers<AbortSignal>();
    const dispatcher = await world.start(workUntilStopped, {
      parts: {
        recover: async (signal) => {
          begun.resolve(signal);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          throw new Error("no engine");
        },
      },
    });
    const { id } = await world.submit();
    await world.reach(id, "running");
    expect((await begun.promise).aborted).toBe(false);
    await dispatcher.drain(0);
    expect((await begun.promise).aborted).toBe(true);
  });
});
