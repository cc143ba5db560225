import { expect, test } from "vitest";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";
import { createWorld, listLeftovers } from "../support/world.ts";

test("a task becomes a branch, a report and exit code 0, with the checkout as it was", async () => {
  await using world = await createWorld();
  const before = snapshotCheckout(world.repository.path);
  const { exitCode, report } = await world.runTask(["--task", "Write hello", "--branch", "work"]);
  expect(report).toMatchObject({ outcome: "succeeded", reason: null, exitCode: 0, branch: { name: "work" } });
  expect(exitCode).toBe(0);
  expect(report.stats).toMatchObject({ commits: 1, filesChanged: 1, insertions: 1, deletions: 0 });
  expect(world.repository.git("show", "work:hello.txt")).toBe("Hello from the agent.");
  expect(
    world.repository.git("log", "-1", "--format=%an <%ae>%n%(trailers:key=Agent-Worker-Run,valueonly)", "work"),
  ).toContain(report.runId);
  expect(snapshotCheckout(world.repository.path)).toEqual(before);
  expect(listLeftovers(world)).toEqual([]);
  expect(world.readEvents(report.runId).map(({ seq }) => seq)).toEqual(
    world.readEvents(report.runId).map((_, index) => index + 1),
  );
});
