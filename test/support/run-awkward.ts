import { startAwkwardServer } from "./awkward-server.ts";
import type { Awkwardness } from "./awkward-server.ts";
import { openClientWorld } from "./server-world.ts";
import type { RunChange } from "./server-world.ts";

/** A run against an awkward server: its report, what it told, and what the server saw. */
export async function runAwkward(awkward: Awkwardness, change: RunChange = {}) {
  await using server = await startAwkwardServer(awkward);
  await using world = openClientWorld();
  const { report, events } = await world.run([server.url], change);
  const { requests, tasks } = server;
  return {
    report,
    events,
    requests,
    tasks,
    warnings: report.warnings.map(({ code }) => code),
    host: new URL(server.url).host,
  };
}
