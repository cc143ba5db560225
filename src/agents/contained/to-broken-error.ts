import { WorkerError } from "../../core/worker-error.ts";
import { isDiskFull } from "../../util/error-facts.ts";
import type { Told } from "./session.ts";

/** What the entry program could not do. */
export function toBrokenError(message: string, { step }: Pick<Told, "step">): WorkerError {
  if (isDiskFull(message)) {
    return new WorkerError("DISK_FULL", `No space left in the container: ${message}`, {
      hint: "Make room where the engine keeps its volumes: docker system df",
    });
  }
  if (step === "exited")
    return new WorkerError("COLLECT_FAILED", `The agent's work could not be brought out: ${message}`);
  return new WorkerError("WORKSPACE_FAILED", `The container could not be got ready: ${message}`);
}
