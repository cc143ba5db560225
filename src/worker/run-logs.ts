import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { AgentLogs } from "../core/agent.ts";
import type { Warning } from "../core/warning.ts";
import { openAppendLog } from "../store/append-log.ts";
import type { AppendLog } from "../store/append-log.ts";
import type { RunFiles } from "../store/run-files.ts";
import { readMessage } from "../util/error-facts.ts";
import { writeAtomic } from "../util/write-atomic.ts";

/** The raw logs of a run. */
export interface RunLogs extends AgentLogs, AsyncDisposable {
  warnings(): readonly Warning[];
}

/** An agent that prints without end must not fill the disk: a log ends here, and says so. */
const maxLogBytes = 256 * 1024 * 1024;

export function openRunLogs(files: RunFiles): RunLogs {
  const agent = openLimitedLog(files.agent);
  const stderr = openLimitedLog(files.stderr);
  const egress = openLimitedLog(files.egress);
  const logs = [agent, stderr, egress];
  const lost: Warning[] = [];
  let keeping: Promise<unknown> = Promise.resolve();
  return {
    agent: (pieces) => agent.append(pieces),
    stderr: (pieces) => stderr.append(pieces),
    egress: (record) => void egress.append([`${JSON.stringify(record)}\n`]),
    container: (id) => files.tryUpdate({ containerId: id }),
    async session(id, content) {
      const { kept } = await takeSession(files, id, content);
      keeping = kept.then((problem) => problem !== null && lost.push(problem));
    },
    async remote(server, request) {
      if (request !== undefined) writeAtomic(files.request, request, 0o600);
      files.update({ server });
    },
    warnings: () => [...logs.flatMap((log) => log.warning() ?? []), ...lost],
    async [Symbol.asyncDispose]() {
      await Promise.all([keeping, ...logs.map((log) => log.close())]);
    },
  };
}

/**
 * Reads to the end, also where nothing can be written: something else follows. It may be as long as a conversation is, so little of it
 * is in memory. What is answered tells when it is kept, or why not.
 */
async function takeSession(
  files: RunFiles,
  id: string,
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly kept: Promise<Warning | null> }> {
  const halfDone = `${files.session}.part`;
  const log = openAppendLog(halfDone);
  for await (const chunk of content) {
    log.append(chunk);
    await log.ready();
  }
  return { kept: keepSession(files, { id, halfDone, log }) };
}

interface TakenSession {
  readonly id: string;
  readonly halfDone: string;
  readonly log: AppendLog;
}

async function keepSession(files: RunFiles, { id, halfDone, log }: TakenSession): Promise<Warning | null> {
  try {
    await log.close();
    const problem = log.warning();
    if (problem !== null) throw new Error(problem.message);
    await rename(halfDone, files.session);
    files.update({ session: id });
    return null;
  } catch (error) {
    await rm(halfDone, { force: true }).catch(() => undefined);
    return { code: "LOG_INCOMPLETE", message: `The conversation could not be kept: ${readMessage(error)}` };
  }
}

interface LimitedLog {
  append(pieces: readonly (string | Uint8Array)[]): Promise<void>;
  warning(): Warning | null;
  close(): Promise<void>;
}

function openLimitedLog(file: string): LimitedLog {
  const log = openAppendLog(file);
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
      left > 0
        ? log.warning()
        : { code: "LOG_INCOMPLETE", message: `${basename(file)} is full: its end was not kept.` },
    close: () => log.close(),
  };
}
