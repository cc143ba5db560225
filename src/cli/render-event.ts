import type { AgentEvent } from "../core/agent-event.ts";
import type { Palette } from "../report/palette.ts";
import { toPrintable, toPrintableLines } from "../util/printable.ts";
import { cutEnd } from "../util/text-width.ts";
import { describeTool } from "./describe-tool.ts";

const maxPreviewColumns = 160;
const maxCharacters = 2_000;

/** An event for people, as lines that are safe to print; none where it says nothing to them. */
export function renderEvent(event: AgentEvent, palette: Palette): string[] {
  switch (event.type) {
    case "message":
      return toPrintableLines(event.data.text).split("\n");
    case "thinking":
      return toPrintableLines(event.data.text).split("\n").map(palette.dim);
    case "tool_use":
      return [`${palette.cyan("→")} ${describeTool(event.data.name, event.data.input)}`];
    case "tool_result":
      return renderResult(event.data.preview, event.data.isError, palette);
    case "log":
      return toPrintableLines(event.data.text.replace(/\n$/, "")).split("\n").map(palette.dim);
    case "warning":
      return [palette.yellow(`! ${toShort(event.data.message)} (${toShort(event.data.code)})`)];
    case "error":
      return [palette.red(`✗ ${toShort(event.data.message)} (${toShort(event.data.code)})`)];
    case "usage":
      return [];
    default:
      return [toShort(describePhase(event))];
  }
}

/** Printable, of a text that may be as long as somebody else likes: cut first. */
function toShort(text: string): string {
  return toPrintable(text.slice(0, maxCharacters)) + (text.length > maxCharacters ? "…" : "");
}

type PhaseEvent = Exclude<
  AgentEvent,
  { type: "message" | "thinking" | "tool_use" | "tool_result" | "log" | "warning" | "error" | "usage" }
>;

/** What is going on, in a few words; not yet safe to print. */
export function describePhase(event: PhaseEvent): string {
  const { type, data } = event;
  if (type === "run.started") return `${data.title} on ${data.branch}`;
  if (type === "workspace.ready") return "workspace ready";
  if (type === "image.progress") return `image: ${data.text}`;
  if (type === "agent.started") return ["agent started", data.version, data.model].filter(Boolean).join(" ");
  if (type === "progress") return data.text === undefined ? data.phase : `${data.phase}: ${data.text}`;
  if (type === "gate") return `gate ${data.name}: ${data.status}`;
  if (type === "complete") return `agent ended: ${data.outcome.replaceAll("_", " ")}`;
  // A newer server's: nothing is known of it but its name.
  return String(type);
}

function renderResult(preview: string, isError: boolean, palette: Palette): string[] {
  const [firstLine = ""] = preview.trimStart().split("\n", 1);
  const line = cutEnd(toPrintable(firstLine.slice(0, 4 * maxPreviewColumns)), maxPreviewColumns);
  if (isError) return [palette.red(`  ✗ ${line}`)];
  return line === "" ? [] : [palette.dim(`  ${line}`)];
}
