import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

interface TestResult {
  readonly status: string;
}

/** The fields of vitest's JSON report that are read here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly TestResult[] }[];
}

const checks = ["lint", "format:check", "types", "unused", "package:check"];
const reportFile = ".cache/vitest.json";

/** Each check counts as one. All run, whatever the others say, so that the numbers at the end are the whole truth. */
function runChecks(): Tally {
  const failed = checks.filter((check) => !runCheck(check));
  return { passed: checks.length - failed.length, failed: failed.length };
}

function runCheck(name: string): boolean {
  process.stdout.write(`\n# ${name}\n`);
  const startedAt = performance.now();
  const { status } = spawnSync("npm", ["run", "--silent", name], { stdio: ["ignore", 1, 2] });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "passed" : "FAILED"}: ${name} (${seconds} s)\n`);
  return status === 0;
}

/** Vitest with the caller's arguments: names of files to choose, for one. */
function runVitest(options: readonly string[]): Tally {
  process.stdout.write("\n# tests\n");
  rmSync(reportFile, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const { status } = spawnSync("vitest", ["run", ...reporters, ...options], { stdio: ["ignore", 1, 2] });
  const tally = readTally();
  // Something outside a test, such as an unhandled rejection, fails the run without failing a test.
  return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/**
 * A test that did not run, for whatever reason, has not passed: it failed. So has a file that failed without a failing
 * test: it could not be loaded, or what comes before or after its tests went wrong.
 */
function readTally(): Tally {
  try {
    const report: VitestReport = JSON.parse(readFileSync(reportFile, "utf8"));
    const { numPassedTests, numTotalTests, testResults } = report;
    const broken = testResults.filter((file) => file.status === "failed" && !file.assertionResults.some(hasFailed));
    return { passed: numPassedTests, failed: numTotalTests - numPassedTests + broken.length };
  } catch (error) {
    process.stderr.write(`vitest left no report: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  }
}

function hasFailed({ status }: TestResult): boolean {
  return status === "failed";
}

const tallies = [runChecks(), runVitest(process.argv.slice(2))];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
