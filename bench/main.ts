import { parseArgs } from "node:util";
import { formatTable } from "./support/format-table.ts";
import type { Row } from "./support/row.ts";
import { benches } from "./support/table.ts";
import { writeTable } from "./support/write-table.ts";

/**
 * `node bench/main.ts [--json] [--only NAME] [--runs N] [--write]`: our figures against their floors, docs/performance.md.
 * A missed goal is no failure; what could not be measured is.
 */
async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string" },
      runs: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const { only, json, write } = values;
  const names = benches.flatMap(({ rows }) => rows);
  if (only !== undefined && !names.includes(only))
    throw new Error(`there is no ${only}; there are: ${names.join(", ")}`);
  const { rows, failures } = await measureAll(only, readRuns(values.runs));
  process.stdout.write(json ? `${JSON.stringify({ rows })}\n` : formatTable(rows));
  if (write && failures === 0) writeTable(rows);
  return failures === 0 ? 0 : 1;
}

function readRuns(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const runs = Number(text);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a whole number from 1 on, not ${text}`);
  return runs;
}

/** One after the other: two at once would measure each other. */
async function measureAll(
  only: string | undefined,
  runs: number | undefined,
): Promise<{ rows: readonly Row[]; failures: number }> {
  const rows: Row[] = [];
  let failures = 0;
  for (const bench of benches) {
    if (only !== undefined && !bench.rows.includes(only)) continue;
    log(`measuring ${bench.rows.join(", ")}`);
    try {
      const measured = await bench.measure({ runs, log });
      rows.push(...measured.filter(({ name }) => only === undefined || name === only));
    } catch (error) {
      failures += 1;
      log(`${bench.rows.join(", ")} could not be measured: ${toMessage(error).slice(0, 1000)}`);
    }
  }
  return { rows, failures };
}

function log(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  log(toMessage(error));
  process.exitCode = 2;
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
