import { Chalk } from "chalk";
import type { Palette } from "../report/palette.ts";

export interface PaletteRequest {
  /** As configured; NO_COLOR, FORCE_COLOR and --no-color have their say there. */
  readonly color: "auto" | "always" | "never";
  readonly stream: { readonly isTTY?: boolean | undefined };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Styles for one stream. `auto` gives colour to terminals; the sixteen colours that follow the user's own theme. */
export function createPalette(request: PaletteRequest): Palette {
  const chalk = new Chalk({ level: wantsColor(request) ? 1 : 0 });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    red: (text) => chalk.red(text),
    green: (text) => chalk.green(text),
    yellow: (text) => chalk.yellow(text),
    blue: (text) => chalk.blue(text),
    magenta: (text) => chalk.magenta(text),
    cyan: (text) => chalk.cyan(text),
  };
}

/** Also for errors before the configuration is known, so that the variables are asked again under `auto`. */
function wantsColor({ color, stream, environment }: PaletteRequest): boolean {
  if (color !== "auto") return color === "always";
  const { NO_COLOR: no = "", FORCE_COLOR: force = "", TERM: terminal } = environment;
  if (no !== "") return false;
  if (force !== "") return force !== "0" && force !== "false";
  return stream.isTTY === true && terminal !== "dumb";
}
