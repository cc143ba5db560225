import { toPrintable } from "../util/printable.ts";
import { cutEnd } from "../util/text-width.ts";

/** What says most about a call, the first that is there. */
const telling = ["file_path", "notebook_path", "path", "command", "pattern", "query", "url", "description", "prompt"];
/** Where the repository is in the container. */
const workspace = /^\/workspace\/[^/]+\//;
const maxColumns = 100;
/** With the workspace, that is not shown. */
const maxCharacters = 600;
/** The longest path of Linux, in bytes. */
const maxPathLength = 4096;

/** A tool call in short words: `Edit src/app.ts`, `Bash npm test`. One line, safe to print. */
export function describeTool(name: string, input: unknown): string {
  const fields = readFields(input);
  const value = telling.map((key) => fields.get(key)).find(isFilled);
  // Cut first: the agent makes both as long as it likes.
  const [firstLine = ""] = (value ?? "").slice(0, maxCharacters).split("\n", 1);
  const words = `${name.slice(0, maxColumns)} ${firstLine.replace(workspace, "")}`;
  return cutEnd(toPrintable(words.trim()), maxColumns);
}

/** The file that a call changes; null where it is not known to change one. */
export function findChangedFile(name: string, input: unknown): string | null {
  if (!/^(?:(?:Multi|Notebook)?Edit|Write)$/.test(name)) return null;
  const fields = readFields(input);
  const file = fields.get("file_path") ?? fields.get("notebook_path");
  return typeof file === "string" && file.length <= maxPathLength ? file : null;
}

/** By hand: this is loaded before anything else happens, and a schema takes longer than all of it. */
function readFields(input: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof input === "object" && input !== null ? Object.entries(input) : []);
}

function isFilled(field: unknown): field is string {
  return typeof field === "string" && field !== "";
}
