import { expect, it } from "vitest";
import { createTail } from "../../src/util/tail.ts";

it("a tail is the whole text as long as it fits", () => {
  const tail = createTail(20);
  tail.push("one\n");
  tail.push("two\n");
  expect(tail.read()).toBe("one\ntwo");
});

it("a tail begins with a whole line once something was dropped, and never grows", () => {
  const tail = createTail(20);
  for (let index = 0; index < 1000; index += 1) tail.push(`line ${index}\n`);
  expect(tail.read()).toBe("line 998\nline 999");
});

it("a tail of one endless line is its end", () => {
  const tail = createTail(20);
  tail.push("x".repeat(1000));
  tail.push("the very end");
  expect(tail.read()).toBe("xxxxxxxxthe very end");
});

it("a tail of nothing is empty", () => {
  expect(createTail(20).read()).toBe("");
});
