/** The ref that keeps the work of a run until its branch holds it. */
export function buildKeptRef(runId: string): string {
  return `refs/agent-worker/${runId}`;
}
