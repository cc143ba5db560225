import { expect, it } from "vitest";
import { createPalette } from "../../src/cli/palette.ts";

const cases = [
  ["auto", true, {}, true],
  ["auto", false, {}, false],
  ["auto", undefined, {}, false],
  ["auto", true, { TERM: "dumb" }, false],
  ["auto", true, { NO_COLOR: "1" }, false],
  ["auto", true, { NO_COLOR: "" }, true],
  ["auto", false, { FORCE_COLOR: "1" }, true],
  ["auto", true, { FORCE_COLOR: "0" }, false],
  ["always", false, { NO_COLOR: "1" }, true],
  ["never", true, { FORCE_COLOR: "1" }, false],
] as const;

it.each(cases)("colour %s on a terminal: %s, with %j, is %s", (...[color, isTTY, environment, colored]) => {
  const { red } = createPalette({ color, stream: { isTTY }, environment });
  expect(red("x")).toBe(colored ? "\u001b[31mx\u001b[39m" : "x");
});
