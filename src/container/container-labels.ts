import { readProcessIdentity } from "../util/process-identity.ts";

/** Says whose a container is, so that a later start finds what a kill left behind. */
export function buildContainerLabels(runId: string): Readonly<Record<string, string>> {
  const { pid, bootId, host } = readProcessIdentity();
  return {
    "agent-worker.run": runId,
    "agent-worker.host": host,
    "agent-worker.pid": String(pid),
    "agent-worker.boot": bootId ?? "",
  };
}
