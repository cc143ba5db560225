import { join } from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { isRemoteHiccup } from "../../git/remote-repository.ts";
import type { RemoteRepository } from "../../git/remote-repository.ts";
import { createBackoff, pause } from "./backoff.ts";
import { readTrusted } from "./http-client.ts";
import type { HttpClient } from "./http-client.ts";
import { buildRepositoryUrl } from "./task-api.ts";

/** How git reaches a repository of a server: the same key, proxy and certificates as for everything else. */
export async function openRemoteRepository(
  client: HttpClient,
  { key, directory }: { readonly key: string; readonly directory: string },
): Promise<RemoteRepository> {
  const { endpoint, authorization, settings } = client;
  let certificates: string | undefined;
  if (settings.caBundle !== undefined) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    certificates = join(directory, "certificates.pem");
    await writeFile(certificates, await readTrusted(settings.caBundle), { mode: 0o600 });
  }
  return { url: buildRepositoryUrl(client, key), authorization, proxyUrl: endpoint.proxyUrl, certificates };
}

/** Tries again where the connection or the server stumbled, as long as there is time. `attempt` counts from 1. */
export async function persist<T>(
  { settings }: HttpClient,
  signal: AbortSignal,
  attempt: (count: number) => Promise<T>,
): Promise<T> {
  const { backoff, submitMs } = settings.patience;
  const pauses = createBackoff(backoff);
  const endsAt = performance.now() + submitMs;
  for (let count = 1; ; count += 1) {
    try {
      return await attempt(count);
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = pauses.next();
      if (!isRemoteHiccup(error) || performance.now() + pauseMs > endsAt) throw error;
      await pause(pauseMs, signal);
    }
  }
}
