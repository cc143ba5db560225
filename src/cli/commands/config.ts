import type { Entry } from "../../config/reading.ts";
import type { Palette } from "../../report/palette.ts";
import { toPrintable } from "../../util/printable.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadSettings } from "../load-settings.ts";
import { createPalette } from "../palette.ts";

/** `config`: every setting, its value and where it comes from. Secrets are `set`, never shown. */
export async function configCommand(options: Pick<CommandOptions, "flags" | "json">, context: CliContext) {
  const { config, entries } = await loadSettings(options.flags, context);
  const { stdout, environment } = context;
  stdout.write(
    options.json
      ? `${JSON.stringify(toJson(entries), null, 2)}\n`
      : formatTable([...entries.values()], createPalette({ color: config.color, stream: stdout, environment })),
  );
  return 0;
}

/** `{"limits.timeout": {"value": 1800000, "from": "default", "name": null}, ...}` */
function toJson(entries: ReadonlyMap<string, Entry>): Record<string, unknown> {
  return Object.fromEntries(
    [...entries].map(([key, { value, origin }]) => [
      key,
      { value: value ?? null, from: origin.kind, name: origin.name === "" ? null : origin.name },
    ]),
  );
}

function formatTable(entries: readonly Entry[], { bold, dim }: Palette): string {
  const keyWidth = Math.max(...entries.map(({ key }) => key.length));
  const valueWidth = Math.min(40, Math.max(...entries.map(({ text }) => (text ?? "-").length)));
  const lines = entries.map(({ key, text, origin }) => {
    const value = toPrintable(text ?? "-").padEnd(valueWidth);
    const from = dim(origin.kind === "default" ? "default" : toPrintable(origin.name));
    return `${key.padEnd(keyWidth)}  ${origin.kind === "default" ? value : bold(value)}  ${from}\n`;
  });
  return lines.join("");
}
