import { dirname } from "node:path";
import type { Warning } from "../core/warning.ts";
import { optionList } from "./options.ts";
import { findVariable } from "./read-environment.ts";
import { readTextFile } from "./read-text-file.ts";
import type { Layer, Problem, Setting } from "./setting.ts";

export interface EnvFileContents {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

/**
 * Reads `.env`: the variables of the table and no others, never into process.env, and none that decide where programs
 * and the engine are. A file that is not trusted says no more than a project file may: the rest is left out with a warning,
 * since such a file is mostly about other things.
 */
export async function readEnvFile(
  file: string,
  isTrusted: (file: string) => Promise<boolean>,
): Promise<EnvFileContents> {
  const read = readTextFile(file, { followLinks: true });
  if (read === undefined) return { layer: new Map(), problems: [], warnings: [] };
  if ("problem" in read) {
    return { layer: new Map(), problems: [{ where: file, message: read.problem }], warnings: [] };
  }
  const { parse } = await import("dotenv");
  const variables = parse(read.text);
  const layer = new Map<string, Setting>();
  const warnings: Warning[] = [];
  let trusted: boolean | undefined;
  for (const option of optionList) {
    const found = option.envFile ? findVariable(option, variables) : undefined;
    if (found === undefined) continue;
    trusted ??= await isTrusted(file);
    const name = `${file}:${findLine(read.text, found.name)}`;
    if (!trusted && option.files !== "all") {
      warnings.push({
        code: "SETTING_UNTRUSTED",
        message: `${name}: ${found.name} is ignored, because this file is committed in the repository. Set it in the environment, or add the repository to "trust" in the global configuration.`,
      });
      continue;
    }
    const origin = { kind: "env-file", name } as const;
    layer.set(option.key, { texts: found.texts, origin, directory: dirname(file), trusted });
  }
  return { layer, problems: [], warnings };
}

/** The last assignment counts, as in dotenv. */
function findLine(text: string, name: string): number {
  const assignment = new RegExp(`^\\s*(?:export\\s+)?${name}\\s*[=:]`);
  return text.split(/\r\n|\n|\r/).findLastIndex((line) => assignment.test(line)) + 1;
}
