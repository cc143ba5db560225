import { expect, test } from "vitest";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";
import { createWorld, listLeftovers } from "../support/world.ts";

const rounds = 10;
const runsAtOnce = 5;

test("five runs at once on one repository give five sound branches and no lock error, ten times in a row", async () => {
  await using world = await createWorld();
  const { repository } = world;
  const before = snapshotCheckout(repository.path);
  const base = repository.git("rev-parse", "HEAD");
  for (let round = 1; round <= rounds; round += 1) {
    const names = Array.from({ length: runsAtOnce }, (_, index) => `work/${round}-${index}`);
    const results = await Promise.all(names.map((name) => world.runTask(["--task", "Write hello", "--branch", name])));
    const outcomes = results.map(({ report }) => [report.branch?.name, report.outcome, report.reason]);
    expect(outcomes).toEqual(names.map((name) => [name, "succeeded", null]));
    const heads = results.map(({ report }) => report.branch?.head);
    expect(repository.git("rev-parse", ...names).split("\n")).toEqual(heads);
  }
  const refs = repository.git("for-each-ref", "--format=%(refname)").split("\n");
  expect(refs).toHaveLength(1 + rounds * runsAtOnce);
  expect(refs.filter((ref) => !ref.startsWith("refs/heads/"))).toEqual([]);
  const parents = repository.git("for-each-ref", "--format=%(parent)", "refs/heads/work").split("\n");
  expect(new Set(parents)).toEqual(new Set([base]));
  repository.git("fsck", "--strict", "--no-dangling");
  expect(snapshotCheckout(repository.path)).toEqual(before);
  expect(listLeftovers(world)).toEqual([]);
}, 300_000);

test("of five runs at once that want the same branch one gets it and the others are told so", async () => {
  await using world = await createWorld();
  const { repository } = world;
  const argv = ["--task", "Write hello", "--branch", "wanted", "--quiet"];
  const results = await Promise.all(Array.from({ length: runsAtOnce }, () => world.run(argv)));
  const refused = results.filter(({ exitCode }) => exitCode !== 0);
  expect(refused.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2]);
  for (const { stderr } of refused) expect(stderr).toContain("BRANCH_EXISTS");
  expect(repository.git("rev-list", "--count", "main..wanted")).toBe("1");
  expect(repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\nrefs/heads/wanted");
});

test("of five runs at once with --on-branch-exists suffix each gets a branch of its own", async () => {
  await using world = await createWorld();
  const { repository } = world;
  const argv = ["--task", "Write hello", "--branch", "wanted", "--on-branch-exists", "suffix"];
  const results = await Promise.all(Array.from({ length: runsAtOnce }, () => world.runTask(argv)));
  const names = results.map(({ report }) => report.branch?.name ?? "");
  expect(names.toSorted((one, other) => one.localeCompare(other))).toEqual([
    "wanted",
    "wanted-2",
    "wanted-3",
    "wanted-4",
    "wanted-5",
  ]);
  for (const name of names) expect(repository.git("rev-list", "--count", `main..${name}`)).toBe("1");
});
