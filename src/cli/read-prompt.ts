import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { WorkerError } from "../core/worker-error.ts";
import { readMessage } from "../util/error-facts.ts";
import type { RunCommandOptions } from "./command-options.ts";

/** Models read a few megabytes at most; what is more was given by mistake. */
const maxPromptBytes = 16 * 1024 * 1024;
const maxTitleCharacters = 72;

/** The prompt, byte for byte. Throws USAGE or TASK_EMPTY. */
export async function readPrompt({ task, taskFile }: RunCommandOptions, stdin: Readable): Promise<Uint8Array> {
  if (task !== undefined && taskFile !== undefined) {
    throw new WorkerError("USAGE", "--task and --task-file were both given.", { hint: "Give one of them." });
  }
  if (task === undefined && taskFile === undefined) {
    throw new WorkerError("USAGE", "There is no task.", {
      hint: 'Say what is to be done: agent-worker --task "Fix the failing test". See agent-worker --help',
    });
  }
  const prompt = taskFile === undefined ? Buffer.from(task ?? "") : await readTaskFile(taskFile, stdin);
  if (prompt.length > maxPromptBytes) {
    throw new WorkerError("USAGE", `The task is too long: ${prompt.length} bytes, at most ${maxPromptBytes}.`, {
      hint: "Put large material into the repository and name it in the task.",
    });
  }
  if (prompt.toString().trim() !== "") return prompt;
  throw new WorkerError("TASK_EMPTY", "The task is empty.", { hint: "Say in words what is to be done." });
}

async function readTaskFile(file: string, stdin: Readable): Promise<Buffer> {
  if (file === "-") return buffer(stdin);
  try {
    return await readFile(file);
  } catch (cause) {
    const detail = readMessage(cause);
    throw new WorkerError("USAGE", `The task cannot be read: ${detail}`, {
      hint: "--task-file takes the name of a text file, or - for stdin.",
      cause,
    });
  }
}

/** The first line that says something, at most 72 characters, on one line whatever it holds. */
export function buildTitle(prompt: Uint8Array): string {
  const lines = Buffer.from(prompt.subarray(0, 16_384)).toString().split("\n");
  const line = lines.map((text) => text.replace(/[\p{C}\s]+/gu, " ").trim()).find((text) => text !== "") ?? "";
  if (line.length <= maxTitleCharacters) return line;
  return `${line
    .slice(0, maxTitleCharacters - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}
