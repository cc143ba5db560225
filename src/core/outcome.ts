import { errorTable } from "./error-table.ts";
import type { ErrorCode } from "./error-table.ts";

/** How a run ended (docs/report.md, Outcomes and exit codes). */
export const outcomes = [
  "succeeded",
  "no_changes",
  "failed",
  "limited",
  "unavailable",
  "unpublished",
  "timed_out",
  "cancelled",
] as const;
export type Outcome = (typeof outcomes)[number];

/** The signal that cancelled a run; it decides between exit codes 130 and 143. */
export type CancelSignal = "SIGINT" | "SIGTERM";

/** The exit code of a run that ended with `outcome`. */
export function toExitCode(outcome: Outcome, signal: CancelSignal = "SIGINT"): number {
  switch (outcome) {
    case "succeeded":
    case "no_changes":
      return 0;
    case "failed":
      return 1;
    case "limited":
      return 3;
    case "unavailable":
      return 4;
    case "unpublished":
      return 5;
    case "timed_out":
      return 124;
    case "cancelled":
      return signal === "SIGTERM" ? 143 : 130;
  }
}

/** The outcome of a run that an error with this code ended. */
export function toOutcome(code: ErrorCode): Outcome {
  const { exit } = errorTable[code];
  switch (exit) {
    case 1:
      return "failed";
    case 3:
      return "limited";
    case 5:
      return "unpublished";
    case 124:
      return "timed_out";
    case 130:
      return "cancelled";
    case 2:
    case 4:
      return "unavailable";
  }
}
