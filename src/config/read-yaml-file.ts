import { dirname } from "node:path";
import { quote } from "../util/quote.ts";
import { formatSuggestion } from "../util/suggest.ts";
import { expandVariables } from "./expand-variables.ts";
import type { Option } from "./option.ts";
import { optionList } from "./options.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { YamlNode, YamlPair } from "./parse-yaml.ts";
import type { Environment } from "./read-environment.ts";
import type { Layer, Problem, Setting } from "./setting.ts";

export interface YamlFile {
  readonly kind: "global-file" | "project-file";
  readonly file: string;
  readonly text: string;
  /** Whether it is the user's word: then every key may be set, and `${NAME}` is replaced. */
  readonly trusted: boolean;
  /** For `${NAME}`. */
  readonly environment: Environment;
}

/** Reads the settings of a YAML file. Scalars are taken as they are written; their types are the options' business. */
export function readYamlFile(source: YamlFile): { layer: Layer; problems: Problem[] } {
  const walk: Walk = { source, layer: new Map(), problems: [] };
  const parsed = parseYaml(source.text);
  if ("problem" in parsed) report(walk, parsed.offset, parsed.problem);
  else if (parsed.root?.kind === "mapping") readMap(walk, parsed.root.pairs, "");
  else if (!isEmpty(parsed.root)) report(walk, 0, "must be a mapping, for example: model: opus");
  return walk;
}

interface Walk {
  readonly source: YamlFile;
  readonly layer: Map<string, Setting>;
  readonly problems: Problem[];
}

const optionsByKey = new Map(optionList.map((option) => [option.key, option]));
const keysInFiles = optionList.filter(({ files }) => files !== "none").map(({ key }) => key);

function readMap(walk: Walk, pairs: readonly YamlPair[], prefix: string): void {
  const seen = new Set<string>();
  for (const pair of pairs) {
    const name = pair.key.kind === "scalar" ? pair.key.text : "";
    const key = prefix + name;
    const { offset } = pair.key;
    const option = name.includes(".") ? undefined : optionsByKey.get(key);
    if (seen.has(name)) report(walk, offset, `${quote(key)} is there twice`);
    else if (option !== undefined) readOption({ walk, option, pair, offset });
    else if (isGroup(key) && !name.includes(".")) readGroup({ walk, key, pair, offset });
    else report(walk, offset, `unknown key ${quote(key)}.${formatSuggestion(key, keysInFiles)}`);
    seen.add(name);
  }
}

function isGroup(key: string): boolean {
  return keysInFiles.some((known) => known.startsWith(`${key}.`));
}

interface Found {
  readonly walk: Walk;
  readonly pair: YamlPair;
  /** Of the key in the file. */
  readonly offset: number;
}

function readGroup({ walk, key, pair, offset }: Found & { readonly key: string }): void {
  if (pair.value.kind === "mapping") readMap(walk, pair.value.pairs, `${key}.`);
  else if (!isEmpty(pair.value)) report(walk, offset, `${key} must be a mapping of its settings`);
}

function readOption({ walk, option, pair, offset }: Found & { readonly option: Option<unknown> }): void {
  const { source, layer } = walk;
  const refusal = findRefusal(option, source);
  if (refusal !== undefined) {
    report(walk, offset, refusal);
    return;
  }
  if (isEmpty(pair.value)) return;
  const texts: string[] = [];
  for (const node of option.repeatable && pair.value.kind === "sequence" ? pair.value.items : [pair.value]) {
    const text = readScalar(walk, node, { option, offset });
    if (text === undefined) return;
    texts.push(text);
  }
  const { line } = findPlace(source.text, offset);
  const origin = { kind: source.kind, name: `${source.file}:${line}` };
  layer.set(option.key, { texts, origin, directory: dirname(source.file), trusted: source.trusted });
}

/** Why this file may not set this option, with what to do; undefined where it may. */
function findRefusal(option: Option<unknown>, { kind, trusted }: YamlFile): string | undefined {
  if (option.files === "none") {
    const instead = [...option.flags, ...option.environment].map(({ name }) => name).join(" or ");
    return `${option.key} cannot be set in a file; use ${instead}`;
  }
  if (kind === "global-file" || option.files === "all") return undefined;
  if (option.key === "trust") return "trust can only be set in the global file";
  return trusted
    ? undefined
    : `${option.key} cannot be set by a project file, because the repository may not be yours; set it in the global file, or add this repository to "trust" there`;
}

function readScalar(walk: Walk, node: YamlNode, at: { option: Option<unknown>; offset: number }): string | undefined {
  const { key, repeatable } = at.option;
  if (node.kind !== "scalar") {
    const wanted = repeatable ? "a value or a list of values" : "one value";
    report(walk, at.offset, `${key} must be ${wanted}${node.kind === "alias" ? ", not an alias" : ""}`);
    return undefined;
  }
  const expanded = expandVariables(node.text, walk.source.trusted ? walk.source.environment : undefined);
  if ("value" in expanded) return expanded.value;
  report(walk, node.offset, `${key}: ${expanded.problem}`);
  return undefined;
}

function isEmpty(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === "scalar" && node.isNull);
}

function report({ source, problems }: Walk, offset: number, message: string): void {
  const { line, column } = findPlace(source.text, offset);
  problems.push({ where: `${source.file}:${line}:${column}`, message });
}

/** Both from 1. */
function findPlace(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset)).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
