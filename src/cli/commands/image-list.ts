import { connectEngine } from "../../container/engine.ts";
import { buildEngineSettings } from "../../container/engine-settings.ts";
import { readImageTag } from "../../container/image.ts";
import { buildImageRequest } from "../../container/image-request.ts";
import { listOwnImages } from "../../container/image-list.ts";
import type { OwnImage } from "../../container/image-list.ts";
import { formatElapsed } from "../../report/format-figures.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { formatImageName, formatImageSize } from "../image-words.ts";
import { loadSettings } from "../load-settings.ts";

const heading = ["IMAGE", "AGE", "SIZE", "CLAUDE CODE", "STATE"];

/** `image list`: our images, newest first; the one that a run would use now is `current`. */
export async function imageListCommand(options: Pick<CommandOptions, "flags">, context: CliContext): Promise<number> {
  const { config } = await loadSettings(options.flags, context);
  await using engine = await connectEngine(buildEngineSettings(config), context.signal);
  const current = readImageTag(buildImageRequest(config.container, context.environment));
  const images = await listOwnImages(engine, context.signal);
  const rows = images.map((image) => toRow(image, current.reference));
  if (rows.length > 0) context.stdout.write(formatTable([heading, ...rows]));
  else context.stderr.write("No image yet. The first run builds one, and so does: agent-worker image build\n");
  return 0;
}

function toRow(image: OwnImage, current: string): readonly string[] {
  const states = [...(image.reference === current ? ["current"] : []), ...(image.inUse ? ["in use"] : [])];
  return [
    formatImageName(image),
    formatElapsed(Math.max(0, Date.now() - image.createdAt.getTime())),
    formatImageSize(image),
    image.claudeCodeVersion ?? "-",
    states.join(", "),
  ];
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
