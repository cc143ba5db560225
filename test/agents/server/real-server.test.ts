import { describe, expect, it } from "vitest";
import { openClientWorld, startServing } from "../../support/server-world.ts";
import { writeFile } from "../../support/scripted-runner.ts";

describe("a run in server mode", () => {
  it("brings the server's commit to a branch of the user's repository", async () => {
    await using server = await startServing(writeFile);
    await using world = openClientWorld();
    const { report, events } = await world.run([server.url]);
    expect(report).toMatchObject({ outcome: "succeeded", reason: null, executionMode: "server", exitCode: 0 });
    const { branch } = report;
    expect(world.repository.git("log", "--format=%s", "main..", branch?.name ?? "")).toBe("Change");
    expect(events.map(({ type }) => type)).toEqual([]);
  });
});
