/** What other programs rely on: the words of the report, the events and the errors. */
export { agentEventSchema } from "./core/agent-event.ts";
export type { AgentEvent } from "./core/agent-event.ts";
export { errorTable } from "./core/error-table.ts";
export type { ErrorCode } from "./core/error-table.ts";
export { outcomeSchema } from "./core/ending-schema.ts";
export type { Outcome } from "./core/outcome.ts";
export type { RunEvent } from "./core/run-event.ts";
export { runReportSchema } from "./core/run-report.ts";
export type { RunReport } from "./core/run-report.ts";
