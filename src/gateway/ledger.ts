import type { TokenCount } from "./answer-meter.ts";
import type { ModelFailure } from "./model-failure.ts";

/** A run's account with the model: tokens spent, and whether it works at the moment. */
export interface Ledger {
  usage(): TokenCount;
  /** The last failure that no success followed. */
  failure(): ModelFailure | null;
  spend(tokens: TokenCount): void;
  fail(failure: ModelFailure): void;
  succeed(): void;
}

export function openLedger(): Ledger {
  let usage: TokenCount = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  let failure: ModelFailure | null = null;
  return {
    usage: () => usage,
    failure: () => failure,
    spend(tokens) {
      usage = {
        inputTokens: usage.inputTokens + tokens.inputTokens,
        outputTokens: usage.outputTokens + tokens.outputTokens,
        cacheReadTokens: usage.cacheReadTokens + tokens.cacheReadTokens,
        cacheWriteTokens: usage.cacheWriteTokens + tokens.cacheWriteTokens,
      };
    },
    fail(latest) {
      failure = latest;
    },
    succeed() {
      failure = null;
    },
  };
}
