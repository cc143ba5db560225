import type { AgentPlace } from "../../core/agent.ts";
import { readRepositoryKey } from "../../git/repository-key.ts";
import type { Repository } from "../../git/repository.ts";
import { openDisposables } from "../../util/disposables.ts";
import { rankServers } from "./choose-server.ts";
import { openHttpClient } from "./http-client.ts";
import type { HttpClient } from "./http-client.ts";
import { createNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";
import type { ServerSettings } from "./server-settings.ts";
import type { ResumedRun } from "./take-up-task.ts";

/** What is asked and opened while the task is still checked and its branch reserved; nothing is changed anywhere. */
export interface Early extends AsyncDisposable {
  /** The servers that may be spoken to, opened once. */
  readonly clients: readonly HttpClient[];
  readonly notes: Notes;
  /** Those that can be used, the best first. Rejects where there is none. */
  readonly ranked: Promise<readonly HttpClient[]>;
  readonly repositoryKey: Promise<string>;
}

export interface EarlyRequest {
  readonly settings: ServerSettings;
  readonly resumed: ResumedRun | undefined;
  readonly place: Promise<Pick<AgentPlace<Repository>, "repository">>;
  readonly signal: AbortSignal;
}

/** What goes wrong rejects where it is awaited. */
export function openEarly({ settings, resumed, place, signal }: EarlyRequest): Early {
  const opened = openDisposables();
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  const endpoints = resumed === undefined ? settings.endpoints : [resumed.endpoint];
  const clients = endpoints.map((endpoint) => opened.use(openHttpClient(endpoint, settings)));
  const notes = createNotes();
  // Who takes a task up knows its server.
  const ranked = resumed === undefined ? rankServers(clients, notes, either) : Promise.resolve(clients);
  const repositoryKey =
    resumed === undefined
      ? place.then(({ repository }) => readRepositoryKey(repository, either))
      : Promise.resolve(resumed.run.repositoryKey);
  for (const promise of [ranked, repositoryKey]) promise.catch(() => undefined);
  return {
    clients,
    notes,
    ranked,
    repositoryKey,
    async [Symbol.asyncDispose]() {
      left.abort("SIGTERM");
      await Promise.allSettled([ranked, repositoryKey]);
      await opened[Symbol.asyncDispose]();
    },
  };
}
