import { expect } from "vitest";
import type { Played } from "./imitation.ts";

/** Whatever the agent did: the checkout is as it was, nothing is left behind, and the repository is sound. */
export function expectUntouched({ before, after, leftovers, repository }: Played): void {
  expect(after).toEqual(before);
  expect(leftovers).toEqual([]);
  repository.git("fsck", "--strict", "--no-dangling");
  expect(repository.git("for-each-ref", "refs/agent-worker")).toBe("");
}
