import { connectEngine } from "../../container/engine.ts";
import { buildEngineSettings } from "../../container/engine-settings.ts";
import { readImageTag } from "../../container/image.ts";
import { listOwnImages, removeOwnImage } from "../../container/image-list.ts";
import { buildImageRequest } from "../../container/image-request.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { formatImageName, formatImageSize } from "../image-words.ts";
import { loadSettings } from "../load-settings.ts";

/** `image prune`: removes the images we built, but the current one and those that a container is made from. */
export async function imagePruneCommand(options: Pick<CommandOptions, "flags">, context: CliContext): Promise<number> {
  const { config } = await loadSettings(options.flags, context);
  const { signal, stdout, environment } = context;
  await using engine = await connectEngine(buildEngineSettings(config), signal);
  const current = readImageTag(buildImageRequest(config.container, environment));
  const images = await listOwnImages(engine, signal);
  let removed = 0;
  for (const image of images) {
    if (image.inUse || image.reference === current.reference) continue;
    if (!config.dryRun && !(await removeOwnImage(engine, image, signal))) continue;
    removed += 1;
    const what = config.dryRun ? "would remove" : "removed";
    stdout.write(`${what} ${formatImageName(image)} (${formatImageSize(image)})\n`);
  }
  stdout.write(`${removed} ${config.dryRun ? "to remove" : "removed"}, ${images.length - removed} kept\n`);
  return 0;
}
