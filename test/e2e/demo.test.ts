import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runReportSchema } from "../../src/core/run-report.ts";
import { createWorld, listLeftovers } from "../support/world.ts";

test("the demo makes its own repository and ends with a branch, each time anew", async () => {
  await using world = await createWorld({ scenario: "demo" });
  for (let times = 0; times < 2; times += 1) {
    const { exitCode, stdout, stderr } = await world.run(["demo", "--output", "json", "--quiet"]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const report = runReportSchema.parse(JSON.parse(stdout));
    expect(report.outcome).toBe("succeeded");
    expect(report.repository.path).toBe(join(world.stateDirectory, "demo/greetings"));
    expect(report.stats.filesChanged).toBeGreaterThan(0);
  }
  const directories = [
    world.stateDirectory,
    join(world.stateDirectory, "demo"),
    join(world.stateDirectory, "demo/greetings"),
  ];
  expect(directories.map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  expect(listLeftovers(world)).toEqual([]);
});
