import { readFile } from "node:fs/promises";
import { createServerAgent } from "./agents/server/server-agent.ts";
import { parseTaskRequest } from "./agents/server/build-task-request.ts";
import type { ServerSettings } from "./agents/server/server-settings.ts";
import type { ResumedRun } from "./agents/server/take-up-task.ts";
import type { ServerRuns } from "./cli/runs/server-runs.ts";
import type { Config } from "./config/config.ts";
import { WorkerError } from "./core/worker-error.ts";
import { buildRunPaths } from "./store/run-files.ts";
import type { RunRecord } from "./store/run-record.ts";
import { readMessage } from "./util/error-facts.ts";
import { buildCommonParts, buildServerSettings } from "./wire.ts";
import { resumeRun } from "./worker/resume-run.ts";
import { submitTask } from "./worker/submit-task.ts";

/** Runs that a task server carries out, whatever the execution mode of this machine is. */
export function buildServerRuns(config: Config): ServerRuns {
  const settings = buildServerSettings(config);
  const parts = { ...buildCommonParts(config), executionMode: "server" } as const;
  return {
    submit(request, options) {
      if (settings.endpoints.length === 0) throw new WorkerError("SERVER_URL_MISSING", "There is no task server.");
      const agent = createServerAgent(request.task.agent, settings);
      return submitTask({ ...parts, agent }, request, options);
    },
    async resume({ directory, record }, options) {
      const request = await readRequest(directory, record);
      const resumed = buildResumed(settings, record, request);
      const task = parseTaskRequest(request, record);
      const agent = createServerAgent(task.agent, settings, resumed);
      return resumeRun({ ...parts, agent }, { directory, record, task }, options);
    },
    locate(record) {
      return { settings, endpoint: buildResumed(settings, record, "").endpoint };
    },
  };
}

async function readRequest(directory: string, { runId }: RunRecord): Promise<string> {
  try {
    return await readFile(buildRunPaths(directory).request, "utf8");
  } catch (cause) {
    throw new WorkerError("RUN_NOT_FOUND", `What the run ${runId} sent cannot be read: ${readMessage(cause)}`, {
      cause,
    });
  }
}

/** The key is sent to a server that was named with it, and to no other. */
function buildResumed({ endpoints }: ServerSettings, { runId, server }: RunRecord, request: string): ResumedRun {
  if (server === undefined) {
    throw new WorkerError("RUN_NOT_FOUND", `The run ${runId} has no server: it was carried out here.`, {
      hint: "Only runs in server mode can be taken up again. agent-worker runs show tells about the others.",
    });
  }
  const endpoint = endpoints.find(({ url }) => url === server.url);
  if (endpoint !== undefined) return { endpoint, run: server, request };
  throw new WorkerError(
    "SERVER_URL_MISSING",
    `The run ${runId} is at ${server.url}, which is not among the servers here.`,
    {
      hint: `Name it, with its key: --server-url ${server.url}`,
    },
  );
}
