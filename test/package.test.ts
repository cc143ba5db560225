import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const home = mkdtempSync(join(tmpdir(), "agent-worker-package-"));
const installed = join(home, "node_modules/agent-worker");

// As npm would install it: unpacked, and with nothing beside it.
beforeAll(() => {
  const archive = run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", home).trim();
  mkdirSync(installed, { recursive: true });
  run("tar", "-xzf", join(home, archive), "-C", installed, "--strip-components=1");
  writeFileSync(join(home, "package.json"), '{"type":"module"}');
});
afterAll(() => rmSync(home, { recursive: true }));

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function inspect(program: string): string {
  writeFileSync(join(home, "program.js"), program);
  return run(process.execPath, join(home, "program.js"));
}

it("works without any other package", () => {
  expect(run(process.execPath, join(installed, "bin/agent-worker.js"), "--help")).toContain("agent-worker --task");
});

it("exports the schemas of reports and the error table", () => {
  const program =
    'import { errorTable, runReportSchema } from "agent-worker"; console.log(errorTable.USAGE.exit, typeof runReportSchema.parse);';
  expect(inspect(program)).toBe("2 function\n");
});

it("holds the JSON Schema of the report", () => {
  const program =
    'import schema from "agent-worker/report.schema.json" with { type: "json" }; console.log(schema.properties.schema.const);';
  expect(inspect(program)).toBe("agent-worker/report/1\n");
});

it("has types that know a report, for users who have nothing else installed", () => {
  const program =
    'import type { RunReport } from "agent-worker";\nexport const read = (report: RunReport) => report.runId + report.wrongName;\n';
  writeFileSync(join(home, "program.ts"), program);
  writeFileSync(
    join(home, "tsconfig.json"),
    '{"compilerOptions":{"module":"nodenext","strict":true,"noEmit":true,"types":[]},"files":["program.ts"]}',
  );
  expect(() => run("tsc", "--project", home)).toThrow(
    expect.objectContaining({ stdout: expect.stringMatching(/^[^\n]*'wrongName' does not exist[^\n]*\n$/) }),
  );
});

it("carries the licences of everything that is bundled", () => {
  const licences = readFileSync(join(installed, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
  for (const name of ["zod", "dockerode", "undici", "commander"])
    expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
});

it("holds the documents that help and messages point to", () => {
  for (const name of ["configuration", "errors", "image", "report"]) {
    expect(readFileSync(join(installed, `docs/${name}.md`), "utf8")).toMatch(/^# /);
  }
});

it("holds no test, no source and no state of a build", () => {
  const files = run("find", installed, "-type", "f").split("\n");
  expect(
    files.filter((file) => /\/(src|test|scripts|\.cache|\.env)(\/|$)|\.(test|map)\b|(?<!\.d)\.ts$/.test(file)),
  ).toEqual([]);
});

it("holds no syntax that the oldest Node it allows does not know", () => {
  const files = globSync("dist/**/*.{js,cjs}", { cwd: installed }).map((file) => join(installed, file));
  expect(files.length).toBeGreaterThan(5);
  // A statement, not the words in a text: Node 22 has no explicit resource management.
  const disposing = files.filter((file) => /^\s*(?:await )?using \w+ = /m.test(readFileSync(file, "utf8")));
  expect(disposing).toEqual([]);
});
