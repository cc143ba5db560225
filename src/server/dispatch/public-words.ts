import type { Reason } from "../../core/reason.ts";
import type { RunEvent } from "../../core/run-event.ts";
import type { Warning } from "../../core/warning.ts";
import type { RepositoryRequest } from "../../protocol/task-request.ts";
import type { NewEvent } from "../../store/tasks/task-store.ts";
import type { RunEnd } from "./build-ending.ts";

/** What is told of a run outside of the server: the repository is called as the request calls it, and no path of the server shows. */
export interface PublicWords {
  event(event: RunEvent): NewEvent;
  end(end: RunEnd): RunEnd;
}

export function createPublicWords(
  request: RepositoryRequest,
  { directory, dataDirectory }: { readonly directory: string; readonly dataDirectory: string },
): PublicWords {
  const name = "key" in request ? request.key : "url" in request ? request.url : request.path;
  const hide = (text: string): string =>
    text
      .replaceAll(directory, name)
      .replaceAll(`${dataDirectory}/`, "")
      .replaceAll(dataDirectory, "the data directory");
  const hideReason = (reason: Reason | null): Reason | null =>
    reason === null
      ? null
      : { ...reason, message: hide(reason.message), hint: reason.hint === null ? null : hide(reason.hint) };
  const hideWarning = ({ code, message }: Warning): Warning => ({ code, message: hide(message) });
  return {
    event({ ts, type, data }) {
      if (type === "run.started") return { ts, type, data: { ...data, executionMode: "server", repository: name } };
      if (type === "warning" || type === "error") return { ts, type, data: hideWarning(data) };
      return { ts, type, data };
    },
    end({ result, report }) {
      return {
        result: { ...result, reason: hideReason(result.reason) },
        report:
          report === null
            ? null
            : {
                ...report,
                reason: hideReason(report.reason),
                warnings: report.warnings.map(hideWarning),
                repository: { ...report.repository, path: name },
              },
      };
    },
  };
}
