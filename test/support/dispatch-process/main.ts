import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultDispatcherSettings } from "../../../src/server/dispatch/dispatcher-parts.ts";
import { startDispatcher } from "../../../src/server/dispatch/start-dispatcher.ts";
import { createLogger } from "../../../src/server/logger.ts";
import { createRepositories } from "../../../src/server/repositories/create-repositories.ts";
import { openSqliteTaskStore } from "../../../src/store/tasks/sqlite/sqlite-task-store.ts";
import { gitSettings } from "../repository.ts";
import { createScriptedRunner } from "../scripted-runner.ts";

/**
 * A server without HTTP, to be killed: carries out the tasks of the data directory in its argument with a run that takes its time,
 * and says `idle` when none is left. Ends when its stdin does. The second argument: how long a lease is.
 */
const [dataDirectory = "", leaseMs = "30000"] = process.argv.slice(2);
await using store = await openSqliteTaskStore(join(dataDirectory, "tasks.sqlite"));
await using dispatcher = await startDispatcher({
  store,
  repositories: createRepositories({ dataDirectory, git: gitSettings, workspaceRoots: [], urlHosts: [] }),
  runners: () =>
    createScriptedRunner(async (run) => {
      await run.begin();
      for (let count = 0; count < 20; count += 1) {
        await run.say(String(count));
        await sleep(2);
      }
      run.commit();
      await run.emit({ type: "progress", data: { phase: "import" } });
    }),
  metrics: {
    taskStarted: () => undefined,
    taskEnded: () => undefined,
    firstEvent: () => undefined,
    eventsAppended: () => undefined,
    breakerChanged: () => undefined,
  },
  logger: createLogger({ level: "silent", stream: process.stderr }),
  settings: {
    ...defaultDispatcherSettings,
    leaseMs: Number(leaseMs),
    renewMs: Number(leaseMs) / 3,
    sweepMs: Number(leaseMs) / 6,
    concurrency: 3,
    dataDirectory,
  },
});
process.stdout.write("ready\n");
const ended = new AbortController();
process.stdin.on("end", () => ended.abort()).resume();
while (!ended.signal.aborted) {
  const { queued, active } = await store.counts();
  if (queued + active === 0 && dispatcher.status().active === 0) process.stdout.write("idle\n");
  await sleep(20, undefined, { signal: ended.signal }).catch(() => undefined);
}
