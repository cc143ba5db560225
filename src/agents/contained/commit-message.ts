import type { Task } from "../../core/task.ts";

/** Message of the commit that holds what the agent left uncommitted. */
export function buildCommitMessage(task: Pick<Task, "runId" | "title">): string {
  const subject = task.title === "" ? "Work of the agent" : task.title;
  return `${subject}\n\nAgent-Worker-Run: ${task.runId}\n`;
}
