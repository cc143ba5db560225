import type { ValidationTargets } from "hono";
import type { z } from "zod";
import { escapePointer } from "./parse-body.ts";
import { ProblemError } from "./problem-error.ts";

type Issue = z.core.$ZodIssue;

/** What zod found wrong, as a refusal. A path's parameter that no id can look like is simply not there. */
export function toValidationProblem(target: keyof ValidationTargets, issues: readonly Issue[]): ProblemError {
  if (target === "param") return new ProblemError("NOT_FOUND");
  const errors = issues.flatMap((issue) => describe(issue, ""));
  // The one limit that is checked as a whole text.
  const isTooLarge = issues.some(({ code, path }) => code === "custom" && path.length === 1 && path[0] === "task");
  const what = target === "json" ? "body" : target;
  return new ProblemError(isTooLarge ? "TOO_LARGE" : "BAD_REQUEST", {
    detail: `The ${what} is not as it should be: ${errors[0]?.pointer ?? ""} ${errors[0]?.message ?? ""}`,
    errors: errors.slice(0, 20),
  });
}

interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

function describe(issue: Issue, parent: string): FieldError[] {
  const pointer = parent + issue.path.map((part) => `/${escapePointer(String(part).slice(0, 200))}`).join("");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      pointer: `${pointer}/${escapePointer(key.slice(0, 200))}`,
      code: "unknown_field",
      message: "There is no such field.",
    }));
  }
  if (issue.code === "invalid_union") {
    // The kind that comes closest is the one that was meant.
    const [closest] = issue.errors.toSorted((a, b) => a.length - b.length);
    if (closest !== undefined) return closest.flatMap((inner) => describe(inner, pointer));
  }
  return [{ pointer, code: issue.code, message: issue.message }];
}
