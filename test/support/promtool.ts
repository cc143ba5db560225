import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const root = new URL("../..", import.meta.url).pathname;
const own = `${root}.cache/tools/promtool`;

/** Runs promtool at the top of the project; its status and all it said. `npm test` sees to it that it is there. */
export function runPromtool(args: readonly string[], input = ""): { readonly status: number; readonly said: string } {
  const program = existsSync(own) ? own : "promtool";
  const { status, stdout, stderr, error } = spawnSync(program, [...args], { cwd: root, input, encoding: "utf8" });
  if (error !== undefined) {
    throw new Error("promtool is missing: bash scripts/setup/install-test-tools.sh", { cause: error });
  }
  return { status: status ?? -1, said: stdout + stderr };
}
