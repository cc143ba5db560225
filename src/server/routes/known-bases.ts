import type { RepositoryRequest } from "../../protocol/task-request.ts";
import type { Repositories } from "../repositories/repositories.ts";

const keptMs = 10_000;
const maxBases = 1_000;

/**
 * `Repositories.check` without a git process for each of many tasks on one base: that a commit is there is believed for ten seconds.
 * Whoever begins an attempt is told if it is not there any more.
 */
export function createBaseCheck(repositories: Pick<Repositories, "check">): Repositories["check"] {
  const known = new Map<string, number>();
  return async (owner, request, signal) => {
    const name = toName(owner, request);
    if (name === null) return repositories.check(owner, request, signal);
    const now = performance.now();
    if (now - (known.get(name) ?? -Infinity) < keptMs) return null;
    const problem = await repositories.check(owner, request, signal);
    if (problem !== null) return problem;
    known.delete(name);
    known.set(name, now);
    const [oldest] = known.keys();
    if (known.size > maxBases && oldest !== undefined) known.delete(oldest);
    return null;
  };
}

/** null: what is asked about may change at any time. */
function toName(owner: string, request: RepositoryRequest): string | null {
  return "key" in request ? [owner, request.key, request.base].join("\n") : null;
}
