import { expect, it } from "vitest";
import { describeTool, findChangedFile } from "../../src/cli/describe-tool.ts";

it("shows the beginning of a name and a value of any length", () => {
  const long = "é\u0007".repeat(2 ** 24);
  const words = describeTool(long, { command: long });
  expect(words).toMatch(/^(?:é\\x07)+.*…$/);
  expect(words).toHaveLength(100);
  expect(describeTool("Bash", { command: long })).toMatch(/^Bash (?:é\\x07)+.*…$/);
});

it("knows the file that a call changes, if its path can be one", () => {
  expect(findChangedFile("Edit", { file_path: "a.ts" })).toBe("a.ts");
  expect(findChangedFile("NotebookEdit", { notebook_path: "a.ipynb" })).toBe("a.ipynb");
  expect(findChangedFile("Read", { file_path: "a.ts" })).toBeNull();
  expect(findChangedFile("Write", { file_path: "a".repeat(4097) })).toBeNull();
});
