import path from "node:path";
import type { RunReport } from "../core/run-report.ts";
import type { Warning } from "../core/warning.ts";
import { readMessage } from "../util/error-facts.ts";
import { writeAtomic } from "../util/write-atomic.ts";
import { fileFormats } from "./formats.ts";

/** The format of a `--report` file; undefined where its name ends otherwise: refuse it before the run. */
export function findReportFormat(file: string): keyof typeof fileFormats | undefined {
  const extension = path.extname(file).toLowerCase();
  return extension === ".json" || extension === ".md" ? extension : undefined;
}

/** Writes a report, atomically, making missing directories. A file that cannot be written is a warning, no outcome. */
export function writeReport(file: string, report: RunReport): Warning | null {
  try {
    writeAtomic(file, fileFormats[findReportFormat(file) ?? ".json"](report));
    return null;
  } catch (error) {
    const detail = readMessage(error);
    return { code: "REPORT_UNWRITTEN", message: `The report could not be written to ${file}: ${detail}` };
  }
}
