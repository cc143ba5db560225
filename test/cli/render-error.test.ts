import { expect, it } from "vitest";
import { renderError } from "../../src/cli/render-error.ts";
import { toWorkerError, WorkerError } from "../../src/core/worker-error.ts";
import { recordOutput } from "../support/output.ts";

const render = (error: WorkerError): string =>
  renderError(error, { stderr: recordOutput().stream, environment: { NO_COLOR: "1" } });

it("says what happened, what to do, and the code", () => {
  const error = new WorkerError("USAGE", "There is\nno task.", { hint: "Say one.\nOr more." });
  expect(render(error)).toBe("error: There is\nno task.\n  Say one.\n  Or more.\n  USAGE\n");
});

it("lets nothing through that acts on the terminal", () => {
  const error = new WorkerError("BRANCH_NAME", "Not a name: \u001B[31mred", { hint: "Not \u009B31m either." });
  expect(render(error)).toBe(
    String.raw`error: Not a name: \x1b[31mred` + "\n" + String.raw`  Not \x9b31m either.` + "\n  BRANCH_NAME\n",
  );
});

it("shows where a bug is, with the message once", () => {
  const text = render(toWorkerError(new TypeError("x is not\na function")));
  expect(text).toMatch(/^error: x is not\na function\n(?: {2}.*\n)+ {2}INTERNAL\n {2}at .*render-error\.test\.ts:\d+/);
  expect(text.match(/x is not/g)).toHaveLength(1);
  expect(render(new WorkerError("GIT_FAILED", "git said no", { cause: new Error("cause") }))).not.toContain(" at ");
});
