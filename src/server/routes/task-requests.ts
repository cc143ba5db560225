import { createHash } from "node:crypto";
import type { TaskRequest } from "../../protocol/task-request.ts";
import type { NewTask, StoredSession } from "../../store/tasks/task-store.ts";
import { buildTitle } from "../../util/title.ts";
import { buildFieldError } from "../http/problem-error.ts";
import { toRepositoryKey } from "../repositories/create-repositories.ts";
import type { RouteParts } from "../server-parts.ts";

/** What this version does not do is said, and not left out. Throws UNSUPPORTED, AGENT_UNKNOWN. */
export function checkSupport(request: TaskRequest, { agents }: Pick<RouteParts, "agents">): void {
  const { mode, gates, limits, agent } = request;
  const unsupported =
    (mode !== undefined && "/mode") ||
    (gates !== undefined && gates.length > 0 && "/gates") ||
    (limits?.tokens !== undefined && "/limits/tokens");
  if (unsupported !== false) throw buildFieldError("UNSUPPORTED", unsupported, "This version does not have it.");
  if (agent !== undefined && !agents.names.includes(agent)) {
    throw buildFieldError("AGENT_UNKNOWN", "/agent", `The agents here are: ${agents.names.join(", ")}.`);
  }
}

/** Throws what is wrong with the session and the parent: a task knows nothing of what belongs to others. */
export async function checkReferences(owner: string, request: TaskRequest, parts: RouteParts): Promise<void> {
  const { store } = parts;
  const { session, parent } = request;
  if (session !== undefined) checkSession(await store.readSession(owner, session), request, parts);
  if (parent !== undefined && (await store.read(parent))?.owner !== owner) {
    throw buildFieldError("BAD_REQUEST", "/parent", "There is no such task.");
  }
}

/** It speaks of the files of its repository, and in the words of its agent. */
function checkSession(session: StoredSession | null, request: TaskRequest, { agents }: RouteParts): void {
  const isOfRepository = session?.repository === toRepositoryKey(request.repository);
  const isOfAgent = session?.agent === (request.agent ?? agents.standard);
  if (session !== null && isOfRepository && isOfAgent) return;
  const other = isOfRepository ? "agent" : "repository";
  const problem = session === null ? "There is no such session." : `The session belongs to another ${other}.`;
  throw buildFieldError("SESSION_UNKNOWN", "/session", problem);
}

export function buildNewTask(
  owner: string,
  request: TaskRequest,
  options: Pick<RouteParts, "agents" | "settings" | "limits"> & { readonly idempotencyKey: string | undefined },
): NewTask {
  return {
    owner,
    request,
    title: buildTitle(Buffer.from(request.task)),
    agent: request.agent ?? options.agents.standard,
    idempotencyKey: options.idempotencyKey,
    bodyHash: createHash("sha256").update(toCanonical(request)).digest("hex"),
    queueLimit: options.settings.queueLimit,
    ownerLimit: Math.min(options.limits.ownerQueue, options.settings.queueLimit),
  };
}

/** The same text for the same request, whatever the order of its fields was. */
function toCanonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
