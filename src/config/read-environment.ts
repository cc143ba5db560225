import type { Option } from "./option.ts";
import { optionList } from "./options.ts";
import type { Layer, Setting } from "./setting.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that are set to nothing count as not set. */
export function readEnvironment(environment: Environment, directory: string): Layer {
  const layer = new Map<string, Setting>();
  for (const option of optionList) {
    const found = findVariable(option, environment);
    if (found === undefined) continue;
    const origin = { kind: "environment", name: found.name } as const;
    layer.set(option.key, { texts: found.texts, origin, directory, trusted: true });
  }
  return layer;
}

/** The first of an option's variables that is set; that of a repeatable option holds values separated by commas or spaces. */
export function findVariable(
  option: Option<unknown>,
  environment: Environment,
): { name: string; texts: string[] } | undefined {
  for (const { name, toText } of option.environment) {
    const value = environment[name];
    const text = value === undefined || value === "" ? undefined : toText(value);
    if (text === undefined) continue;
    const texts = option.repeatable ? text.split(/[\s,]+/).filter((part) => part !== "") : [text];
    if (texts.length > 0) return { name, texts };
  }
  return undefined;
}
