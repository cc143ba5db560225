import { once } from "node:events";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadSettings } from "../load-settings.ts";
import { readVersion } from "../version.ts";

/** `serve`: the task server, until a signal ends it. One line on stdout when it is ready; its log is on stderr. */
export async function serveCommand({ flags }: Pick<CommandOptions, "flags">, context: CliContext): Promise<number> {
  const { config } = await loadSettings(flags, context);
  const { signal, stdout } = context;
  signal.throwIfAborted();
  await using server = await context.buildServer(config, readVersion());
  context.onHangup(() => void server.reloadKeys());
  stdout.write(`agent-worker server listening on ${server.url}\n`);
  if (!signal.aborted) await once(signal, "abort");
  await server.drain();
  return 0;
}
