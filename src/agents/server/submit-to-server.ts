import { deliverTask } from "./deliver-task.ts";
import { openEarly } from "./early.ts";
import type { ServerRun } from "./run-on-server.ts";

/** Fire and forget. Throws why no server has the task. */
export async function submitToServer({ task, context, settings }: Omit<ServerRun, "resumed" | "early">): Promise<void> {
  const { signal } = context;
  await using early = openEarly({ settings, resumed: undefined, place: Promise.resolve(context), signal });
  await deliverTask({ ...early, task, context, settings, emit: sayNothing, remote: null });
}

async function sayNothing(): Promise<void> {
  // Nobody follows.
}
