import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDirectory } from "../support/repository.ts";
import { createWorld } from "../support/world.ts";

describe("a run in a repository whose objects the container's user cannot read", () => {
  it("works on a copy of them", async () => {
    using parent = makeDirectory();
    await using world = await createWorld();
    world.repository.git("config", "uploadpack.allowFilter", "true");
    // In a partial clone git keeps the list of promised objects (*.promisor) to its owner.
    const clone = join(parent.path, "clone");
    world.repository.git("clone", "-q", "--filter=blob:none", `file://${world.repository.path}`, clone);
    const { report } = await world.runTask(["--task", "x", "--repo", clone]);
    expect([report.outcome, report.reason]).toEqual(["succeeded", null]);
    expect(report.stats).toMatchObject({ commits: 1, filesChanged: 1 });
  });
});
