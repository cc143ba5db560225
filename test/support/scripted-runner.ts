import { setTimeout as sleep } from "node:timers/promises";
import type { AgentEvent, AgentResult } from "../../src/core/agent-event.ts";
import { emptyDiffStat, emptyTimings, emptyUsage } from "../../src/core/empty.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Reason } from "../../src/core/reason.ts";
import type { RunOptions, Runner, RunRequest } from "../../src/core/runner.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { runTestGit } from "./repository.ts";

/** What a scripted run does between its start and its end. */
export interface ScriptedRun {
  readonly request: RunRequest;
  readonly options: RunOptions;
  emit(event: AgentEvent): Promise<void>;
  say(text: string): Promise<void>;
  /** The agent CLI has started. */
  begin(): Promise<void>;
  /** Commits a file on top of what there is, in the bare repository, as an import does. */
  commit(name?: string): void;
  /** True where the run is to stop before `opened` resolves. */
  isStopped(opened?: Promise<unknown>): Promise<boolean>;
}

export interface ScriptedEnd {
  readonly outcome?: Outcome;
  readonly reason?: Reason;
}

export type Script = (run: ScriptedRun) => Promise<ScriptedEnd | void>;

/** Begins, writes one file and ends. */
export const writeFile: Script = async (run) => {
  await run.begin();
  await run.say("I write a file");
  run.commit();
};

/** Works until it is told to stop, and keeps what it has done. */
export const workUntilStopped: Script = async (run) => {
  await run.begin();
  run.commit("part.txt");
  await run.isStopped();
};

/** The first attempt works until it is killed and then says that all went well; the second one writes a file. */
export function loseFirst(): {
  readonly script: (run: ScriptedRun) => Promise<{ outcome?: "succeeded" }>;
  readonly killed: Promise<void>;
} {
  const killed = Promise.withResolvers<void>();
  let runs = 0;
  return {
    killed: killed.promise,
    async script(run) {
      runs += 1;
      await run.begin();
      run.commit();
      if (runs > 1) return {};
      await run.isStopped();
      await new Promise<void>((resolve) => {
        if (run.options.killSignal?.aborted) resolve();
        run.options.killSignal?.addEventListener("abort", () => resolve());
      });
      await run.say("nobody hears this");
      killed.resolve();
      return { outcome: "succeeded" };
    },
  };
}

/** A Runner as the real one is seen from outside: a branch of its own in the repository, events, a report; but no container. */
export function createScriptedRunner(script: Script): Runner {
  return async (request, options) => {
    options.signal.throwIfAborted();
    const startedAt = new Date();
    const { runId } = request.task;
    const branch = `agent/test-${runId.slice(-6).toLowerCase()}`;
    const ref = `refs/heads/${branch}`;
    let head = request.base;
    let seq = 0;
    const emit = async (event: AgentEvent): Promise<void> => {
      seq += 1;
      await options.onEvent({ v: 1, runId, seq, ts: new Date().toISOString(), ...event });
    };
    runTestGit(request.repository, ["update-ref", ref, head]);
    const { repository, base } = request;
    const told = {
      title: request.task.title,
      executionMode: "cli",
      agent: "claude",
      repository,
      base,
      branch,
    } as const;
    await emit({ type: "run.started", data: told });
    const end = await script({
      request,
      options,
      emit,
      say: (text) => emit({ type: "message", data: { text } }),
      begin: () => emit({ type: "agent.started", data: { sessionId: null, model: null, version: "1" } }),
      commit: (name = "a.txt") => (head = commitFile(repository, { parent: head, name, runId })),
      isStopped: (opened) => isStopped(options.signal, opened),
    });
    const isDone = head !== base;
    if (isDone) runTestGit(repository, ["update-ref", ref, head]);
    else runTestGit(repository, ["update-ref", "-d", ref]);
    const outcome = end?.outcome ?? (options.signal.aborted ? "cancelled" : isDone ? "succeeded" : "no_changes");
    const reason = end?.reason ?? null;
    const result: AgentResult = {
      outcome,
      reason,
      commit: isDone ? head : null,
      agent: { name: "claude", version: "1", model: null, sessionId: null },
      container: null,
      usage: emptyUsage,
      timings: emptyTimings,
    };
    await emit({ type: "complete", data: result });
    return buildReport({
      runId,
      task: request.task,
      outcome,
      reason,
      cancelSignal: options.signal.aborted ? "SIGTERM" : undefined,
      executionMode: "cli",
      result,
      repository: { path: repository, base: { ref: null, sha: base } },
      branch: isDone ? { name: branch, head } : null,
      stats: emptyDiffStat,
      warnings: [],
      prepareMs: 0,
      startedAt,
      endedAt: new Date(),
      attempts: 1,
    });
  };
}

async function isStopped(
  signal: AbortSignal,
  opened: Promise<unknown> = new Promise(() => undefined),
): Promise<boolean> {
  const quit = new AbortController();
  const stopped = sleep(3_600_000, undefined, { signal: AbortSignal.any([signal, quit.signal]) }).then(
    () => true,
    () => true,
  );
  const answer = await Promise.race([stopped, opened.then(() => false)]);
  quit.abort();
  return answer;
}

function commitFile(
  directory: string,
  { parent, name, runId }: { readonly parent: string; readonly name: string; readonly runId: string },
): string {
  const git = (args: readonly string[], input?: string): string => runTestGit(directory, args, input).toString().trim();
  const blob = git(["hash-object", "-w", "--stdin"], `${runId}\n`);
  const tree = git(["ls-tree", parent])
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith(`\t${name}`));
  const made = git(["mktree"], `${[...tree, `100644 blob ${blob}\t${name}`].join("\n")}\n`);
  return git(["commit-tree", made, "-p", parent, "-m", `Change\n\nAgent-Worker-Run: ${runId}`]);
}
