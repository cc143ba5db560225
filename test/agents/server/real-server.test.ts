import { describe, expect, it } from "vitest";
import { openClientWorld } from "../../support/server-world.ts";
import { startTestServer } from "../../support/task-server.ts";

describe("a run in server mode", () => {
  it("brings the server's commit to a branch of the user's repository", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    const { report, events } = await world.run([server.url]);
    expect(report).toMatchObject({ outcome: "succeeded", reason: null, executionMode: "server", exitCode: 0 });
    const { branch } = report;
    expect(world.repository.git("log", "--format=%s", "main..", branch?.name ?? "")).toBe("Write a file");
    expect(events.map(({ type }) => type)).toEqual([
      "run.started",
      "progress",
      "agent.started",
      "message",
      "progress",
      "complete",
    ]);
  });
});
