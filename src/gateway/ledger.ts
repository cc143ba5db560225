import type { TokenCount } from "./answer-meter.ts";
import type { ModelFailure } from "./model-failure.ts";

/** What went through a gateway. `requests` are answers of /v1/messages that brought tokens. */
export interface GatewayUsage extends TokenCount {
  readonly requests: number;
}

/** The run's account with the model: tokens spent, and whether it works at the moment. */
export class Ledger {
  readonly #onUsage: ((usage: GatewayUsage) => void) | undefined;
  #usage: GatewayUsage = { requests: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  #failure: ModelFailure | null = null;

  constructor(onUsage: ((usage: GatewayUsage) => void) | undefined) {
    this.#onUsage = onUsage;
  }

  get usage(): GatewayUsage {
    return this.#usage;
  }

  /** The last failure that no success followed. */
  get failure(): ModelFailure | null {
    return this.#failure;
  }

  spend(tokens: TokenCount): void {
    const before = this.#usage;
    this.#usage = {
      requests: before.requests + 1,
      inputTokens: before.inputTokens + tokens.inputTokens,
      outputTokens: before.outputTokens + tokens.outputTokens,
      cacheReadTokens: before.cacheReadTokens + tokens.cacheReadTokens,
      cacheWriteTokens: before.cacheWriteTokens + tokens.cacheWriteTokens,
    };
    this.#onUsage?.(this.#usage);
  }

  fail(failure: ModelFailure): void {
    this.#failure = failure;
  }

  succeed(): void {
    this.#failure = null;
  }
}
