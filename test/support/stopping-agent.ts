import { once } from "node:events";
import { buildComplete, makeWork } from "./task-server.ts";
import type { Act } from "./task-server.ts";

/** An agent that goes on until it is told to stop, and leaves a commit. */
export const untilStopped: Act = async function* (task, context) {
  yield { type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } };
  if (!context.signal.aborted) await once(context.signal, "abort");
  const reason = { code: "CANCELLED", message: "stopped", hint: null };
  yield buildComplete({ outcome: "cancelled", reason, commit: makeWork(task, context) });
};

/** An agent that does not listen to who asks it to stop. */
export const untilKilled: Act = async function* (_, { killSignal }) {
  yield { type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } };
  if (killSignal?.aborted === false) await once(killSignal, "abort");
  yield buildComplete({ outcome: "cancelled", reason: { code: "CANCELLED", message: "killed", hint: null } });
};
