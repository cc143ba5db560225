import type { AgentEvent } from "../../core/agent-event.ts";
import type { AgentLogs } from "../../core/agent.ts";
import type { OutputChunk } from "../../container/demux-output.ts";
import { createLineSplitter, toTextLine } from "../../util/lines.ts";
import type { Line } from "../../util/lines.ts";
import { saveMemory } from "../../util/save-memory.ts";
import type { Tail } from "../../util/tail.ts";
import type { AgentReader } from "./agent-cli.ts";

/** A message of the agent CLI may be long (a whole file it has read), but nobody needs a longer one in memory. */
const maxLineBytes = 8 * 1024 * 1024;

/** An agent that prints more than this may print gigabytes. */
const muchBytes = 1024 * 1024;

export interface OutputSinks {
  readonly reader: AgentReader;
  readonly logs: AgentLogs;
  readonly stderrTail: Tail;
  /** Takes secrets out, before anything is kept or shown. */
  readonly redact: (text: string) => string;
  readonly emit: (event: AgentEvent) => Promise<void>;
  /** Something came. */
  readonly onActivity: () => void;
}

/** Reads a container's output to its end: stdout becomes events, stderr is kept. Never faster than its consumers. */
export async function readOutput(output: AsyncIterable<OutputChunk>, sinks: OutputSinks): Promise<void> {
  const splitters = { stdout: createLineSplitter(maxLineBytes), stderr: createLineSplitter(maxLineBytes) };
  const take = async (stream: OutputChunk["stream"], lines: readonly Line[]): Promise<void> => {
    for (const line of lines) await takeLine(stream, line, sinks);
    sinks.onActivity();
  };
  let readBytes = 0;
  for await (const { stream, bytes } of output) {
    if (readBytes <= muchBytes && readBytes + bytes.length > muchBytes) saveMemory();
    readBytes += bytes.length;
    await take(stream, splitters[stream].push(bytes));
  }
  await take("stdout", splitters.stdout.end());
  await take("stderr", splitters.stderr.end());
}

async function takeLine(stream: OutputChunk["stream"], line: Line, sinks: OutputSinks): Promise<void> {
  const said = toTextLine(line);
  const text = sinks.redact(said.text);
  // The bytes are kept as they came unless there was something to take out.
  const kept = text === said.text ? line.content : text;
  const ending = line.truncated ? ` [cut: ${line.bytes} bytes]\n` : "\n";
  if (stream === "stderr") {
    sinks.stderrTail.push(`${text}\n`);
    return sinks.logs.stderr([kept, ending]);
  }
  await sinks.logs.agent([kept, ending]);
  for (const event of sinks.reader.read({ ...said, text })) await sinks.emit(event);
}
