import type { Metrics } from "../metrics/metrics.ts";
import type { Health } from "../protocol/server-info.ts";
import type { ServerParts } from "./server-parts.ts";

type Totals = ReturnType<ServerParts["totals"]>;

/** Counts, on their way to the metrics, the tasks that were taken and ended since the server started. */
export function watchTotals(metrics: Metrics): { readonly metrics: Metrics; readonly totals: () => Totals } {
  const totals: Health["totals"] = { received: 0, succeeded: 0, failed: 0 };
  return {
    metrics: {
      ...metrics,
      taskReceived() {
        totals.received += 1;
        metrics.taskReceived();
      },
      taskEnded(task) {
        const isWell = task.outcome === "succeeded" || task.outcome === "no_changes";
        if (isWell) totals.succeeded += 1;
        // Who cancels a task says nothing about the server.
        else if (task.outcome !== "cancelled") totals.failed += 1;
        metrics.taskEnded(task);
      },
    },
    totals() {
      const { succeeded, failed } = totals;
      const ended = succeeded + failed;
      return { totals: { ...totals }, successRate: ended === 0 ? null : succeeded / ended };
    },
  };
}
