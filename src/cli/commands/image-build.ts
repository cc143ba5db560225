import { connectEngine } from "../../container/engine.ts";
import { buildEngineSettings } from "../../container/engine-settings.ts";
import { ensureImage } from "../../container/ensure-image.ts";
import { buildImageRequest } from "../../container/image-request.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadSettings } from "../load-settings.ts";

/** `image build`: nothing to do where the image is there, unless `--no-cache`. */
export async function imageBuildCommand(options: Pick<CommandOptions, "flags" | "cache">, context: CliContext) {
  const { config } = await loadSettings(options.flags, context);
  const { signal, stdout, stderr, environment } = context;
  await using engine = await connectEngine(buildEngineSettings(config), signal);
  // Ours, also where runs are configured to use another one.
  const request = {
    ...buildImageRequest(config.container, environment),
    reference: undefined,
    rebuild: !options.cache,
  };
  const image = await ensureImage(engine, request, {
    signal,
    onProgress: (text) => void (config.verbosity === "quiet" || stderr.write(`${text}\n`)),
  });
  const what = image.built ? "built" : "up to date";
  stdout.write(`${image.reference} ${what}, Claude Code ${image.claudeCodeVersion ?? "unknown"}\n`);
  return 0;
}
