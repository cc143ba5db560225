import type { RunReport } from "../core/run-report.ts";
import { renderJson, renderReportLine } from "./render-json.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { renderText } from "./render-text.ts";
import type { TextOptions } from "./render-text.ts";

/** What stdout gets at the end of a run, by `--output`. */
export const outputFormats = {
  text: renderText,
  json: renderJson,
  ndjson: renderReportLine,
} as const satisfies Record<string, (report: RunReport, options?: TextOptions) => string>;

/** What `--report FILE` holds, by the end of the file's name. */
export const fileFormats = {
  ".json": renderJson,
  ".md": renderMarkdown,
} as const satisfies Record<string, (report: RunReport) => string>;
