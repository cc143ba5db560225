import { constants, openSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import { WorkerError } from "../core/worker-error.ts";
import { readMessage } from "../util/error-facts.ts";
import type { RunCommandOptions } from "./command-options.ts";
import type { CliContext } from "./context.ts";

/** Models read a few megabytes at most; what is more was given by mistake. */
const maxPromptMebibytes = 16;
const maxPromptBytes = maxPromptMebibytes * 1024 * 1024;

type Surroundings = Pick<CliContext, "stdin" | "signal">;

/** The prompt, byte for byte. Throws USAGE or TASK_EMPTY, or the signal's reason on an abort. */
export async function readPrompt(
  { task, taskFile }: Omit<RunCommandOptions, "flags">,
  surroundings: Surroundings,
): Promise<Uint8Array> {
  if (task !== undefined && taskFile !== undefined) {
    throw new WorkerError("USAGE", "--task and --task-file were both given.", { hint: "Give one of them." });
  }
  if (task === undefined && taskFile === undefined) {
    throw new WorkerError("USAGE", "There is no task.", {
      hint: 'Say what is to be done: agent-worker --task "Fix the failing test". See agent-worker --help',
    });
  }
  const prompt = taskFile === undefined ? Buffer.from(task ?? "") : await readTaskFile(taskFile, surroundings);
  if (prompt.length > maxPromptBytes) {
    throw new WorkerError("USAGE", `The task is too long: more than ${maxPromptMebibytes} MiB.`, {
      hint: "Put large material into the repository and name it in the task.",
    });
  }
  if (prompt.toString().trim() !== "") return prompt;
  throw new WorkerError("TASK_EMPTY", "The task is empty.", { hint: "Say in words what is to be done." });
}

async function readTaskFile(file: string, { stdin, signal }: Surroundings): Promise<Buffer> {
  try {
    if (file === "-") return await collect(stdin, signal);
    if ((await stat(file)).isFIFO()) return await collect(openPipe(file), signal);
    return await readFile(file, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new WorkerError("USAGE", `The task cannot be read: ${readMessage(cause)}`, {
      hint: "--task-file takes the name of a text file, or - for stdin.",
      cause,
    });
  }
}

/** Opening a named pipe as a file would wait for its writer in a thread that nothing can wake. */
function openPipe(file: string): Readable {
  return new Socket({ fd: openSync(file, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
}

/** All there is, or a little more than may be. */
async function collect(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of addAbortSignal(signal, stream)) {
    const bytes: Uint8Array = chunk;
    chunks.push(bytes);
    sizeBytes += bytes.length;
    if (sizeBytes > maxPromptBytes) break;
  }
  return Buffer.concat(chunks);
}
