import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createBareRepository } from "../../../src/server/repositories/bare-repository.ts";
import { findScattered, packRepository } from "../../../src/server/repositories/pack-repository.ts";
import { gitSettings, makeDirectory, runTestGit } from "../../support/repository.ts";

const never = new AbortController().signal;

it("packs where there are many packs, and drops no object, not even one that no ref names", async () => {
  using data = makeDirectory("agent-worker-pack-");
  const directory = join(data.path, "repositories/alice/app.git");
  const quiet = join(data.path, "repositories/alice/quiet.git");
  await createBareRepository(directory);
  await createBareRepository(quiet);
  const git = (...args: readonly string[]): string => runTestGit(directory, args).toString("utf8").trim();
  for (let index = 0; index < 22; index += 1) {
    const ref = index % 2 === 0 ? `refs/tasks/${index}` : "refs/heads/moved";
    const commit = `commit ${ref}\ncommitter a <a@b> ${index} +0000\ndata 1\n${index % 10}\nM 644 inline f\ndata 2\n${index + 10}\n\n`;
    runTestGit(directory, ["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force"], commit);
  }
  git("update-ref", "-d", "refs/heads/moved");
  runTestGit(directory, ["hash-object", "-w", "--stdin"], "loose, and named by nothing");
  const listObjects = (): string => git("cat-file", "--batch-all-objects", "--batch-check");
  const listPacks = (): readonly string[] =>
    readdirSync(join(directory, "objects/pack")).filter((name) => name.endsWith(".pack"));
  const before = listObjects();
  expect(listPacks()).toHaveLength(22);
  expect(await findScattered(data.path)).toEqual([directory]);
  await packRepository({ settings: gitSettings, gitDirectory: directory }, never);
  expect(listPacks().length).toBeLessThan(5);
  expect(listObjects()).toBe(before);
  git("fsck", "--strict");
  expect(await findScattered(data.path)).toEqual([]);
});
