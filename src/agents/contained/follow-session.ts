import { rm } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError } from "../../core/worker-error.ts";
import type { Verdict } from "./agent-cli.ts";
import { buildUsage } from "./attempt.ts";
import { createIncoming, rescue } from "./bring-in.ts";
import { readMessages } from "./read-messages.ts";
import type { Following } from "./read-messages.ts";
import { readOutput } from "./read-output.ts";
import type { OutputSinks } from "./read-output.ts";
import { removeQuietly } from "./session.ts";
import type { Session } from "./session.ts";
import { startStopWatch } from "./stop-watch.ts";

const quarantineName = "quarantine";

/** How a session ended. Its container may still be about to go: then `drained` says when all it printed is kept and what was needed only here is gone. */
export interface SessionEnd {
  readonly verdict: Verdict;
  readonly commit: string | null;
  readonly drained: Promise<unknown>;
}

/** Gives the agent its prompt, follows the container to its end, and brings its work into the repository. */
export async function followSession(session: Session): Promise<SessionEnd> {
  const { attempt, progress, reader, control, container, deadline, stderrTail, gateway } = session;
  const { task, settings, context } = attempt;
  using watch = startStopWatch({
    control,
    // What ends the container ends the control channel, and the work is brought out by another start.
    killContainer: () => void container.kill().catch(() => undefined),
    signal: context.signal,
    timeoutMs: task.limits.timeoutMs,
    patience: { ...settings.patience, idleMs: task.limits.idleMs ?? settings.patience.idleMs },
  });
  deadline.set(settings.patience.transferMs);
  progress.onActivity = () => watch.touch();
  await using incoming = createIncoming(session, control, quarantineName);
  const output = readOutput(container.output, buildSinks(session, { watch, incoming }));
  output.catch(() => undefined);
  await Promise.race([control.sendPrompt(session.command.input), output.then(() => failStart(session))]);
  const told = await readMessages(session, { watch, incoming });
  watch.ended();
  // All of it is on its way to us: the container may go when it has ended, while the work is checked.
  if (told.collected !== null) void output.then(() => removeQuietly(container));
  const commit = await (told.collected === null ? rescue(session, told) : incoming.bringIn(told.collected));
  // Nothing more is to come from it.
  deadline.set(settings.patience.endMs);
  // The last lines may hold the result.
  if (reader.facts().result === null) await output;
  progress.clock.mark("imported");
  const verdict = session.judge({
    facts: reader.facts(),
    stopCause: watch.cause(),
    exit: told.exit,
    modelFailure: gateway.failure(),
    stderrTail: stderrTail.read(),
  });
  // Beside the container's end, for which the caller waits as well.
  const tidied = rm(join(context.scratchDirectory, quarantineName), { recursive: true, force: true, maxRetries: 3 });
  return { verdict, commit, drained: Promise.all([output, tidied]) };
}

function buildSinks(session: Session, { watch, incoming }: Following): OutputSinks {
  const { attempt, progress, reader, stderrTail, gateway } = session;
  // The CLI counts otherwise by one at times, and should be the one to end it.
  const mostTurns = (attempt.task.limits.maxTurns ?? Infinity) + 1;
  let turns = 0;
  return {
    reader,
    logs: attempt.context.logs,
    stderrTail,
    redact: attempt.context.redact,
    emit(event) {
      progress.clock.mark("firstEvent");
      return attempt.emit(event);
    },
    onActivity() {
      watch.touch();
      const facts = reader.facts();
      if (facts.result !== null) {
        watch.resultSeen();
        incoming.begin();
      }
      if (facts.turns === turns) return;
      turns = facts.turns;
      void attempt.emit({ type: "usage", data: buildUsage(facts, gateway) });
      if (facts.result === null && turns > mostTurns) watch.turnsExceeded();
    },
  };
}

async function failStart({ stderrTail }: Session): Promise<never> {
  throw new WorkerError("CONTAINER_START", `The container ended at once: ${stderrTail.read() || "it said nothing"}`);
}
