import { createServerAgent } from "../../src/agents/server/server-agent.ts";
import { defaultServerPatience } from "../../src/agents/server/server-settings.ts";
import type { ServerPatience, ServerSettings } from "../../src/agents/server/server-settings.ts";
import type { RunEvent } from "../../src/core/run-event.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import type { RunOptions, RunRequest } from "../../src/core/runner.ts";
import type { GitSettings } from "../../src/git/git-environment.ts";
import { openStore } from "../../src/store/store.ts";
import type { Store } from "../../src/store/store.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { createRunner } from "../../src/worker/run-task.ts";
import { gitSettings, makeDirectory, makeRepository } from "./repository.ts";
import type { TestRepository } from "./repository.ts";
import { testKeys } from "./task-server.ts";

/** Times for tests: nothing waits longer than it must. */
export const quickPatience: ServerPatience = {
  ...defaultServerPatience,
  requestMs: 5_000,
  contactMs: 1_000,
  submitMs: 2_000,
  unreachableMs: 1_500,
  pollMs: 10,
  backoff: { minMs: 1, maxMs: 40 },
};

/** Where nothing but the end of the test is waited for: a busy machine is no fault. */
export const longPatience: Partial<ServerPatience> = {
  requestMs: 60_000,
  contactMs: 60_000,
  submitMs: 120_000,
  unreachableMs: 120_000,
};

export interface RunResult {
  readonly report: RunReport;
  readonly events: readonly RunEvent[];
}

/** The user's side: a repository, a state directory, and a Runner in server mode. */
export interface ClientWorld extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly store: Store;
  readonly stateDirectory: string;
  settings(urls: readonly string[], change?: SettingsChange): ServerSettings;
  run(urls: readonly string[], change?: RunChange): Promise<RunResult>;
}

export interface SettingsChange {
  readonly apiKey?: string | undefined;
  readonly patience?: Partial<ServerPatience>;
  readonly proxyUrl?: string;
  readonly caBundle?: string;
}

export interface RunChange extends SettingsChange {
  readonly request?: Partial<RunRequest>;
  readonly timeoutMs?: number;
  readonly prompt?: string;
  readonly options?: Partial<RunOptions>;
  readonly git?: GitSettings;
}

function buildSettings(urls: readonly string[], change: SettingsChange = {}): ServerSettings {
  return {
    endpoints: urls.map((url) => ({ url, proxyUrl: change.proxyUrl })),
    apiKey: "apiKey" in change ? change.apiKey : testKeys.alice,
    caBundle: change.caBundle,
    version: "0.0.0",
    patience: { ...quickPatience, ...change.patience },
  };
}

export function openClientWorld(repository: TestRepository = makeRepository()): ClientWorld {
  const stack = new AsyncDisposableStack();
  stack.use(repository);
  const state = stack.use(makeDirectory("agent-worker-client-"));
  const runtime = stack.use(makeDirectory("aw-"));
  const store = openStore(state.path);
  return {
    repository,
    store,
    stateDirectory: state.path,
    settings: buildSettings,
    async run(urls, change = {}) {
      const events: RunEvent[] = [];
      const runner = createRunner({
        agent: createServerAgent("claude", buildSettings(urls, change)),
        executionMode: "server",
        git: change.git ?? gitSettings,
        store,
        runtimeParent: runtime.path,
        redact: (text) => text.replaceAll(change.apiKey ?? testKeys.alice, "[redacted]"),
      });
      const report = await runner(buildTestRequest(repository.path, change), {
        signal: new AbortController().signal,
        onEvent: (event) => void events.push(event),
        ...change.options,
      });
      return { report, events };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function buildTestRequest(repository: string, change: RunChange = {}): RunRequest {
  const { prompt = "Write a file", timeoutMs = 60_000 } = change;
  return {
    task: {
      runId: createUlid(),
      prompt: Buffer.from(prompt),
      title: prompt,
      agent: "claude",
      model: undefined,
      limits: { maxTurns: undefined, maxCostUsd: undefined, timeoutMs },
    },
    repository,
    base: "HEAD",
    branch: undefined,
    onBranchExists: "fail",
    warnings: [],
    ...change.request,
  };
}
