import { basename } from "node:path";
import type { AgentLogs } from "../core/agent.ts";
import type { Warning } from "../core/warning.ts";
import { openAppendLog } from "../store/append-log.ts";
import type { AppendLog } from "../store/append-log.ts";
import type { RunFiles } from "../store/run-files.ts";
import { writeAtomic } from "../util/write-atomic.ts";

/** The raw logs of a run. */
export interface RunLogs extends AgentLogs, AsyncDisposable {
  warnings(): readonly Warning[];
}

/** An agent that prints without end must not fill the disk: a log ends here, and says so. */
const maxLogBytes = 256 * 1024 * 1024;

export async function openRunLogs(files: RunFiles): Promise<RunLogs> {
  const [agent, stderr, egress] = await Promise.all(
    [files.agent, files.stderr, files.egress].map(async (file) => limitLog(await openAppendLog(file), basename(file))),
  );
  if (agent === undefined || stderr === undefined || egress === undefined) throw new Error("three logs");
  const logs = [agent, stderr, egress];
  return {
    agent: (pieces) => agent.append(pieces),
    stderr: (pieces) => stderr.append(pieces),
    egress: (record) => void egress.append([`${JSON.stringify(record)}\n`]),
    container: (id) => void files.update({ containerId: id }).catch(() => undefined),
    async remote(server, request) {
      if (request !== undefined) await writeAtomic(files.request, request, 0o600);
      await files.update({ server });
    },
    warnings: () => logs.flatMap((log) => log.warning() ?? []),
    async [Symbol.asyncDispose]() {
      await Promise.all(logs.map((log) => log.close()));
    },
  };
}

interface LimitedLog {
  append(pieces: readonly (string | Uint8Array)[]): Promise<void>;
  warning(): Warning | null;
  close(): Promise<void>;
}

function limitLog(log: AppendLog, name: string): LimitedLog {
  let left = maxLogBytes;
  return {
    append(pieces) {
      if (left <= 0) return Promise.resolve();
      left -= pieces.reduce((sum, piece) => sum + piece.length, 0);
      const kept = left > 0 ? pieces : [`${JSON.stringify({ type: "log.full", bytes: maxLogBytes })}\n`];
      for (const piece of kept) log.append(piece);
      return log.ready();
    },
    warning: () =>
      left > 0 ? log.warning() : { code: "LOG_INCOMPLETE", message: `${name} is full: its end was not kept.` },
    close: () => log.close(),
  };
}
