import { z } from "zod";
import { agentEventSchema } from "../../core/agent-event.ts";
import type { AgentEvent } from "../../core/agent-event.ts";
import { cutText } from "../../core/cut-event.ts";
import { parseJson } from "../../util/parse-json.ts";
import type { ServerEvent } from "./event-cursor.ts";

/** What the run here says itself, from what it sees itself. */
const ownTypes = new Set(["run.started", "complete", "error"]);
const knownTypes: ReadonlySet<string> = new Set(agentEventSchema.options.map((option) => option.shape.type.value));

/** An event of a type that this version does not know: of the same form, so logs and streams carry it; who renders events shows its type. */
const unknownEventSchema = z.custom<AgentEvent>();

/** An event of the server as one of this run; null where the run tells it itself. `redact` takes secrets out of its text. */
export function toAgentEvent(event: ServerEvent, redact: (text: string) => string): AgentEvent | null {
  const { type } = event;
  if (ownTypes.has(type) || isChangeWarning(event)) return null;
  const value = parseJson(redact(JSON.stringify({ type, data: event.data })));
  const known = agentEventSchema.safeParse(value);
  if (known.success) return known.data;
  if (!knownTypes.has(type)) return unknownEventSchema.parse(value);
  // A plainer server's idea of it: shown as what it is, text of somebody else.
  return { type: "log", data: { stream: "stdout", ...cutText(`${redact(JSON.stringify(event.data))}\n`) } };
}

/** The run here looks at the commit itself: they would be told twice. */
function isChangeWarning({ type, data }: ServerEvent): boolean {
  return type === "warning" && typeof data["code"] === "string" && data["code"].startsWith("CHANGES_");
}
