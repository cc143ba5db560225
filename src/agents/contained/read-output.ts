import type { AgentEvent } from "../../core/agent-event.ts";
import type { AgentLogs } from "../../core/agent.ts";
import type { OutputChunk } from "../../container/demux-output.ts";
import { createLineSplitter } from "../../util/lines.ts";
import type { Line } from "../../util/lines.ts";
import type { Tail } from "../../util/tail.ts";
import type { AgentReader } from "./agent-cli.ts";

/** A message of the agent CLI may be long (a whole file it has read), but nobody needs a longer one in memory. */
const maxLineBytes = 16 * 1024 * 1024;

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
    for (const line of lines) await takeLine(stream, redactLine(line, sinks.redact), sinks);
    sinks.onActivity();
  };
  for await (const { stream, bytes } of output) await take(stream, splitters[stream].push(bytes));
  await take("stdout", splitters.stdout.end());
  await take("stderr", splitters.stderr.end());
}

async function takeLine(stream: OutputChunk["stream"], line: Line, sinks: OutputSinks): Promise<void> {
  if (stream === "stderr") {
    sinks.stderrTail.push(`${line.content.toString()}\n`);
    await sinks.logs.stderr(withNewline(line));
    return;
  }
  await sinks.logs.agent(withNewline(line));
  for (const event of sinks.reader.read(line)) await sinks.emit(event);
}

/** The bytes stay as they came unless there is something to take out. */
function redactLine(line: Line, redact: (text: string) => string): Line {
  const text = line.content.toString();
  const redacted = redact(text);
  return redacted === text ? line : { ...line, content: Buffer.from(redacted) };
}

function withNewline({ content, truncated, bytes }: Line): string | Buffer {
  if (truncated) return `${content.toString()} [cut: ${bytes} bytes]\n`;
  return Buffer.concat([content, newline]);
}

const newline = Buffer.from("\n");
