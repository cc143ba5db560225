import { optionList } from "./options.ts";
import type { Layer, Problem, Setting } from "./setting.ts";

/** Flags as given, by their names (`--model`). Switches, which take no argument, have an empty list. */
export type FlagValues = ReadonlyMap<string, readonly string[]>;

/** Two flags that say different things about one setting (`--quiet --verbose`) are a problem. */
export function readFlags(flags: FlagValues, directory: string): { layer: Layer; problems: Problem[] } {
  const layer = new Map<string, Setting>();
  const problems: Problem[] = [];
  for (const option of optionList) {
    const given = option.flags.filter(({ name }) => flags.has(name));
    const [first, second] = given;
    if (first === undefined) continue;
    if (second !== undefined) {
      problems.push({ where: second.name, message: `cannot be used together with ${first.name}; leave one out` });
    }
    const texts = first.meaning === undefined ? (flags.get(first.name) ?? []) : [first.meaning];
    layer.set(option.key, { texts, origin: { kind: "flag", name: first.name }, directory, trusted: true });
  }
  return { layer, problems };
}
