import { deliverTask } from "./deliver-task.ts";
import { openHttpClient } from "./http-client.ts";
import { createNotes } from "./notes.ts";
import type { ServerRun } from "./run-on-server.ts";
import { openDisposables } from "../../util/disposables.ts";

/** Fire and forget. Throws why no server has the task. */
export async function submitToServer({ task, context, settings }: Omit<ServerRun, "resumed">): Promise<void> {
  await using stack = openDisposables();
  const clients = settings.endpoints.map((endpoint) => stack.use(openHttpClient(endpoint, settings)));
  await deliverTask({ task, context, settings, clients, notes: createNotes(), emit: sayNothing, remote: null });
}

async function sayNothing(): Promise<void> {
  // Nobody follows.
}
