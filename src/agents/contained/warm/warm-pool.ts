import { realpath } from "node:fs/promises";
import type { Task } from "../../../core/task.ts";
import type { GitSettings } from "../../../git/git-environment.ts";
import { openRepository } from "../../../git/repository.ts";
import type { Repository } from "../../../git/repository.ts";
import type { AgentCli } from "../agent-cli.ts";
import type { ContainedSettings, WarmAgents } from "../contained-settings.ts";
import { openWarmAgent } from "./open-warm-agent.ts";
import type { WarmAgent, WarmPlace } from "./open-warm-agent.ts";
import { buildWarmKey } from "./warm-key.ts";

/** Agents that wait for tasks like those there were. Disposing removes those that wait, and no more come. */
export interface WarmPool extends WarmAgents, AsyncDisposable {
  /** Lets an agent wait for the next task like this, unless one does. Nobody waits for it, and a failure is only in the log. */
  prepare(wish: WarmWish): void;
  status(): { readonly ready: number; readonly limit: number };
}

export interface WarmWish {
  /** Directory of a repository of the server's own. */
  readonly repository: string;
  readonly base: string;
  readonly agent: string;
  readonly task: Pick<Task, "model" | "limits">;
}

export interface WarmPoolParts {
  /** Most agents that wait or get ready at once; 0: none ever does. */
  readonly limit: number;
  /** One that has waited for so long is removed. */
  readonly maxAgeMs: number;
  readonly settings: ContainedSettings;
  readonly git: GitSettings;
  readonly loadCli: (agent: string) => Promise<AgentCli>;
  readonly openPlace: (repository: Repository) => Promise<WarmPlace>;
  readonly log: {
    info(facts: object, text: string): void;
    warn(facts: object, text: string): void;
  };
}

/** From the wish to an agent that waits. */
const startMs = 60_000;

export function createWarmPool(parts: WarmPoolParts): WarmPool {
  return new WaitingAgents(parts);
}

interface Entry {
  readonly key: string;
  readonly opening: Promise<Omit<WarmAgent, "wasReady">>;
  readonly stop: AbortController;
  readonly age: NodeJS.Timeout;
  isReady: boolean;
}

class WaitingAgents implements WarmPool {
  readonly #parts: WarmPoolParts;
  /** In the order in which they were made. */
  #entries: Entry[] = [];
  readonly #ending = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: WarmPoolParts) {
    this.#parts = parts;
  }

  status(): ReturnType<WarmPool["status"]> {
    return { ready: this.#entries.filter(({ isReady }) => isReady).length, limit: this.#parts.limit };
  }

  prepare(wish: WarmWish): void {
    if (this.#isClosed || this.#parts.limit === 0) return;
    this.#begin(wish).catch((error: unknown) => this.#tell(error));
  }

  async take(...[request, signal]: Parameters<WarmAgents["take"]>): Promise<WarmAgent | null> {
    if (this.#entries.length === 0 || request.task.session !== undefined) return null;
    const key = buildWarmKey(request);
    const entry = this.#entries.find((candidate) => candidate.key === key);
    if (entry === undefined) return null;
    const wasReady = entry.isReady;
    this.#forget(entry);
    const onAbort = (): void => entry.stop.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    // One that is still getting ready has begun before this task: nothing would be quicker.
    const opened = await entry.opening.catch(() => null);
    signal.removeEventListener("abort", onAbort);
    return opened === null ? null : { ...opened, wasReady };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const entry of this.#entries) this.#drop(entry);
    await Promise.all(this.#ending);
  }

  async #begin(wish: WarmWish): Promise<void> {
    const { settings, git, openPlace, loadCli } = this.#parts;
    const cli = await loadCli(wish.agent);
    const path = await realpath(wish.repository);
    const { base } = wish;
    const task = { prompt: anyPrompt, ...wish.task };
    const key = buildWarmKey({ cli, settings, repository: { path }, base, task });
    if (this.#isClosed || this.#entries.some((entry) => entry.key === key)) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(startMs)]);
    const opening = openRepository(path, git, signal).then((repository) =>
      openWarmAgent(
        { cli, settings, repository, base, task, openPlace, onSpoiled: (why) => this.#spoil(entry, why) },
        signal,
      ),
    );
    const age = setTimeout(() => this.#drop(entry), this.#parts.maxAgeMs).unref();
    const entry: Entry = { key, opening, stop, age, isReady: false };
    this.#entries.push(entry);
    for (const oldest of this.#entries.slice(0, -this.#parts.limit)) this.#drop(oldest);
    await this.#follow(entry);
  }

  async #follow(entry: Entry): Promise<void> {
    try {
      await entry.opening;
      entry.isReady = true;
      if (this.#entries.includes(entry)) this.#parts.log.info({ ...this.status() }, "an agent waits for a task");
    } catch (error) {
      this.#forget(entry);
      if (!entry.stop.signal.aborted) this.#tell(error);
    }
  }

  /** Of no use any more. Whoever has taken it hears of it otherwise. */
  #spoil(entry: Entry, why: string): void {
    if (!this.#entries.includes(entry)) return;
    this.#parts.log.warn({ why }, "an agent that waited for a task is of no use any more");
    this.#drop(entry);
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.age);
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  #drop(entry: Entry): void {
    this.#forget(entry);
    entry.stop.abort();
    const ended = entry.opening
      .then((opened) => opened[Symbol.asyncDispose]())
      .catch(() => undefined)
      .finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #tell(error: unknown): void {
    this.#parts.log.warn({ err: error }, "no agent can be made to wait for a task");
  }
}

/** Any text will do: it is not among what a waiting agent is told. */
const anyPrompt = Buffer.from("any");
