import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { formatTable } from "./format-table.ts";
import { root } from "./product.ts";
import type { Row } from "./row.ts";

const begin = "<!-- bench:begin -->";
const end = "<!-- bench:end -->";

/** Puts the table between the markers of docs/performance.md, with the machine and the day. */
export function writeTable(rows: readonly Row[]): void {
  const file = join(root, "docs/performance.md");
  const text = readFileSync(file, "utf8");
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`${file} lacks the markers ${begin} and ${end}`);
  const day = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  const machine = `${day}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${memory} GiB, Node ${process.version}`;
  writeFileSync(file, `${head}${begin}\n\n${machine}\n\n${formatTable(rows)}\n${end}${tail}`);
}
