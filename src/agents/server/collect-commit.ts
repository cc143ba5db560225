import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fetchCommit } from "../../git/fetch-commit.ts";
import { buildTaskRef } from "../../protocol/identifiers.ts";
import type { Attempt, Delivered } from "./attempt.ts";
import { openRemoteRepository, persist } from "./remote-access.ts";

/** As for work that comes out of a container. */
const packLimits = { packBytes: 2 * 1024 ** 3, unpackedBytes: 8 * 1024 ** 3 };

/**
 * Brings the result into the repository; answers its commit, null where there is none. Not ended by an interruption: partial work is
 * brought in after a cancel as well; only a second signal ends it.
 */
export async function collectCommit(
  { context, task, emit }: Attempt,
  { client, run }: Delivered,
  expected: string | undefined,
): Promise<string | null> {
  const { repository, scratchDirectory, killSignal } = context;
  const { transferMs } = client.settings.patience;
  await emit({ type: "progress", data: { phase: "fetch", text: `fetching the work from ${client.host}` } });
  const place = join(scratchDirectory, `fetch-${randomUUID()}`);
  const remote = await openRemoteRepository(client, { key: run.repositoryKey, directory: `${place}-trust` });
  const timeout = AbortSignal.timeout(transferMs);
  const signal = killSignal === undefined ? timeout : AbortSignal.any([killSignal, timeout]);
  return persist(client, signal, (time) =>
    fetchCommit(
      repository,
      {
        remote,
        ref: buildTaskRef(run.taskId),
        expected,
        base: run.base,
        runId: task.runId,
        directory: `${place}-${time}`,
        limits: { ...packLimits, timeoutMs: transferMs },
      },
      signal,
    ),
  );
}
