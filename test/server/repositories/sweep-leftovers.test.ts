import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { createRepositories } from "../../../src/server/repositories/create-repositories.ts";
import { sweepLeftovers } from "../../../src/server/repositories/sweep-leftovers.ts";
import { gitSettings, makeDirectory, makeRepository } from "../../support/repository.ts";

const { signal } = new AbortController();
const left = [
  "packed-refs.lock",
  "shallow.lock",
  "refs/inbox/x.lock",
  "refs/tasks/01M7XQEKPMMNEQZ2HHF3DSZ5S4.lock",
  "objects/incoming-abc123/pack/tmp_pack_1",
  "objects/pack/tmp_pack_abc",
  "objects/pack/.tmp-17-pack-abc.pack",
  "../.new-abc/config",
  "../.fetch-abc/HEAD",
];

it("A server that starts removes locks and half packs of a killed one, and nothing that is young or whole", async () => {
  using data = makeDirectory();
  using source = makeRepository();
  const settings = { dataDirectory: data.path, git: gitSettings, workspaceRoots: [], urlHosts: [] };
  const repositories = createRepositories(settings);
  const [old, young] = [
    await repositories.ensure("alice", "old", signal),
    await repositories.ensure("bob", "young", signal),
  ];
  for (const directory of [old, young]) {
    source.git("push", "--quiet", directory, "HEAD:refs/inbox/x");
    for (const name of left) {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "");
      const time = directory === old ? Date.now() / 1000 - 3_600 : Date.now() / 1000;
      for (const entry of [path, dirname(path), dirname(dirname(path))]) utimesSync(entry, time, time);
    }
  }
  expect(() => source.git("push", "--quiet", old, ":refs/inbox/x")).toThrow(/\.lock/);
  expect(await sweepLeftovers(data.path, signal)).toBe(left.length);
  expect(left.filter((name) => existsSync(join(old, name)))).toEqual([]);
  expect(left.filter((name) => !existsSync(join(young, name)))).toEqual([]);
  source.git("push", "--quiet", old, "HEAD:refs/inbox/y");
  expect(await repositories.hasCommit(old, source.git("rev-parse", "HEAD"), signal)).toBe(true);
  expect(await sweepLeftovers(join(data.path, "nothing"), signal)).toBe(0);
});
