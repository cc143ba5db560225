import { describe, expect, it } from "vitest";
import { buildReason } from "../../../src/core/reason.ts";
import { WorkerError } from "../../../src/core/worker-error.ts";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import { workUntilStopped, writeFile } from "../../support/scripted-runner.ts";

describe("a task that is queued", () => {
  it("is carried out, and its result can be fetched", async () => {
    await using world = await openDispatchWorld();
    await world.start(writeFile);
    const { id } = await world.submit();
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "succeeded", outcome: "succeeded", base: world.base, attempt: 1 });
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    expect(world.git("ls-tree", "--name-only", `refs/tasks/${id}`)).toBe("README.md\na.txt");
    await expectWhole(world.store, id);
    const events = await world.readEvents(id);
    expect(events.map(({ type }) => type)).toEqual(["run.started", "agent.started", "message", "complete"]);
    expect(events[0]?.data).toMatchObject({ executionMode: "server", repository: "app" });
    expect(JSON.stringify(events)).not.toContain(world.dataDirectory);
    const report = JSON.parse((await world.store.readReport(id)) ?? "");
    expect(report).toMatchObject({ outcome: "succeeded", executionMode: "server", attempts: 1 });
    expect(JSON.stringify(report)).not.toContain(world.dataDirectory);
  });

  it("leaves nothing in the repository but its result", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(writeFile);
    const { id } = await world.submit();
    await world.end(id);
    await dispatcher.drain(10_000);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`, `refs/tasks/${id}`]);
  });

  it("is told to the metrics", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(writeFile);
    await world.end((await world.submit()).id);
    await dispatcher.drain(10_000);
    const facts = new Map(world.told.map(([name, ...rest]) => [name, rest]));
    expect([...facts.keys()].toSorted()).toEqual(["eventsAppended", "firstEvent", "taskEnded", "taskStarted"]);
    const appended = world.told.flatMap(([name, count]) => (name === "eventsAppended" ? [Number(count)] : []));
    expect(appended.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(facts.get("taskEnded")).toEqual([
      { state: "succeeded", outcome: "succeeded", code: null, ms: expect.any(Number), usage: expect.any(Object) },
    ]);
    expect(facts.get("firstEvent")).toEqual([expect.any(Number), false]);
  });

  it("that changes nothing has no commit", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start((run) => run.begin());
    const { id } = await world.submit();
    expect(await world.end(id)).toMatchObject({ state: "no_changes", commit: null });
    await dispatcher.drain(10_000);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`]);
    await expectWhole(world.store, id);
  });

  it("fails with what the Runner refuses, and without a report", async () => {
    await using world = await openDispatchWorld();
    await world.start(writeFile, {
      runner: () => Promise.reject(new WorkerError("CREDENTIAL_MISSING", `No credential in ${world.dataDirectory}/x`)),
    });
    const { id } = await world.submit();
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "failed", outcome: "unavailable", base: world.base, hasReport: false });
    expect(task.reason).toMatchObject({ code: "CREDENTIAL_MISSING", message: "No credential in x" });
    expect((await world.readEvents(id)).map(({ type }) => type)).toEqual(["error", "complete"]);
    await expectWhole(world.store, id);
  });

  it("fails where its base is not there", async () => {
    await using world = await openDispatchWorld();
    await world.start(writeFile);
    const base = "a".repeat(40);
    const { id } = await world.submit({ repository: { key: "app", base } });
    expect((await world.end(id)).reason).toMatchObject({ code: "BASE_NOT_FOUND" });
  });

  it("is not tried again where the surroundings did not let it run", async () => {
    await using world = await openDispatchWorld();
    await world.start(async () => ({ outcome: "unavailable", reason: buildReason("ENGINE_FAILED", "no") }));
    const { id } = await world.submit();
    expect(await world.end(id)).toMatchObject({ state: "failed", outcome: "unavailable", attempt: 1 });
  });
});

describe("a wish to stop", () => {
  it("keeps what was done", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(workUntilStopped);
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "cancelled", outcome: "cancelled" });
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    await expectWhole(world.store, id);
  });
});
