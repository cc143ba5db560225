import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../../..");

it("loads without a word, and holds no later warning back", () => {
  const source = `
    const { loadSqlite } = await import(process.argv[1] + "/src/store/tasks/sqlite/load-sqlite.ts");
    process.on("warning", ({ message }) => console.log(message));
    const { DatabaseSync } = loadSqlite();
    new DatabaseSync(":memory:").close();
    loadSqlite();
    process.emitWarning("something else");
  `;
  const argv = ["--no-warnings", "--input-type=module", "-e", source, root];
  expect(execFileSync(process.execPath, argv, { encoding: "utf8" })).toBe("something else\n");
});
