import { open, rename, rm } from "node:fs/promises";
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

export async function openRunLogs(files: RunFiles): Promise<RunLogs> {
  const [agent, stderr, egress] = await Promise.all(
    [files.agent, files.stderr, files.egress].map(async (file) => limitLog(await openAppendLog(file), basename(file))),
  );
  if (agent === undefined || stderr === undefined || egress === undefined) throw new Error("three logs");
  const logs = [agent, stderr, egress];
  const lost: Warning[] = [];
  return {
    agent: (pieces) => agent.append(pieces),
    stderr: (pieces) => stderr.append(pieces),
    egress: (record) => void egress.append([`${JSON.stringify(record)}\n`]),
    container: (id) => void files.update({ containerId: id }).catch(() => undefined),
    async session(id, content) {
      const problem = await keepSession(files, id, content);
      if (problem !== null) lost.push(problem);
    },
    async remote(server, request) {
      if (request !== undefined) await writeAtomic(files.request, request, 0o600);
      await files.update({ server });
    },
    warnings: () => [...logs.flatMap((log) => log.warning() ?? []), ...lost],
    async [Symbol.asyncDispose]() {
      await Promise.all(logs.map((log) => log.close()));
    },
  };
}

/** It may be as long as a conversation is: never in memory. What cannot be written is read all the same. */
async function keepSession(files: RunFiles, id: string, content: AsyncIterable<Uint8Array>): Promise<Warning | null> {
  const halfDone = `${files.session}.part`;
  const written = await writeAll(halfDone, content);
  try {
    if (written !== null) throw written.error;
    await rename(halfDone, files.session);
    await files.update({ session: id });
    return null;
  } catch (error) {
    await rm(halfDone, { force: true }).catch(() => undefined);
    return { code: "LOG_INCOMPLETE", message: `The conversation could not be kept: ${readMessage(error)}` };
  }
}

/** Reads to the end, also where nothing can be written any more: something else follows. null: all was written. */
async function writeAll(file: string, content: AsyncIterable<Uint8Array>): Promise<{ error: unknown } | null> {
  let failure: { error: unknown } | null = null;
  const handle = await open(file, "w", 0o600).catch((error: unknown) => {
    failure = { error };
    return null;
  });
  for await (const chunk of content) {
    if (failure === null) await handle?.appendFile(chunk).catch((error: unknown) => void (failure = { error }));
  }
  await handle?.close().catch((error: unknown) => void (failure ??= { error }));
  return failure;
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
