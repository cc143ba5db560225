import type { AgentEvent } from "../core/agent-event.ts";
import { formatCount, formatQuantity } from "../report/format-figures.ts";
import { toPrintable } from "../util/printable.ts";
import { describeTool, findChangedFile } from "./describe-tool.ts";
import { describePhase } from "./render-event.ts";

/** The agent chooses the paths: no more of them are kept. */
const maxFiles = 2_000;

/** What a progress display shows of a run. */
export interface ProgressState {
  take(event: AgentEvent): void;
  /** The phase or the last tool call, one line, safe to print. */
  readonly activity: string;
  /** `4 turns, 12.3k tokens, 2 files`; empty before the agent has said anything. */
  readonly figures: string;
}

export function createProgressState(): ProgressState {
  const changedFiles = new Set<string>();
  let activity = "starting";
  let turns = 0;
  let tokens = 0;
  return {
    get activity() {
      return activity;
    },
    get figures() {
      if (turns === 0) return "";
      const parts = [formatQuantity(turns, "turn"), `${formatCount(tokens)} tokens`];
      if (changedFiles.size > 0) parts.push(formatFiles(changedFiles.size));
      return parts.join(", ");
    },
    take(event) {
      activity = describeActivity(event) ?? activity;
      if (event.type === "usage") {
        turns = event.data.turns;
        tokens = event.data.inputTokens + event.data.outputTokens;
      }
      if (event.type !== "tool_use") return;
      const file = findChangedFile(event.data.name, event.data.input);
      if (file !== null && changedFiles.size < maxFiles) changedFiles.add(file);
    },
  };
}

function formatFiles(count: number): string {
  const files = formatQuantity(count, "file");
  return count < maxFiles ? files : files.replace(" ", "+ ");
}

/** null where the event does not change what is going on. */
function describeActivity(event: AgentEvent): string | null {
  switch (event.type) {
    case "tool_use":
      return describeTool(event.data.name, event.data.input);
    case "thinking":
    case "message":
      return "thinking";
    case "run.started":
      return "preparing";
    case "workspace.ready":
    case "image.progress":
    case "agent.started":
    case "progress":
    case "gate":
    case "complete":
      return toPrintable(describePhase(event).slice(0, 500).replace(/\s+/g, " ").trim());
    default:
      return null;
  }
}
