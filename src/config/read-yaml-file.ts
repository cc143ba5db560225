import { dirname } from "node:path";
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Pair, YAMLMap } from "yaml";
import { quote } from "../util/quote.ts";
import { formatSuggestion } from "../util/suggest.ts";
import { expandVariables } from "./expand-variables.ts";
import type { Option } from "./option.ts";
import { optionList } from "./options.ts";
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
  const lines = new LineCounter();
  // Not pretty: pretty messages quote the line, which may hold a key.
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const walk: Walk = { source, lines, layer: new Map(), problems: [] };
  for (const error of document.errors) report(walk, error.pos[0], error.message);
  if (document.errors.length === 0 && document.contents !== null) {
    if (isMap(document.contents)) readMap(walk, document.contents, "");
    else if (!isEmpty(document.contents)) report(walk, 0, "must be a mapping, for example: model: opus");
  }
  return walk;
}

interface Walk {
  readonly source: YamlFile;
  readonly lines: LineCounter;
  readonly layer: Map<string, Setting>;
  readonly problems: Problem[];
}

const optionsByKey = new Map(optionList.map((option) => [option.key, option]));
const keysInFiles = optionList.filter(({ files }) => files !== "none").map(({ key }) => key);

function readMap(walk: Walk, map: YAMLMap, prefix: string): void {
  for (const pair of map.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : "";
    const key = prefix + name;
    const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
    const option = name.includes(".") ? undefined : optionsByKey.get(key);
    if (option !== undefined) readOption({ walk, option, pair, offset });
    else if (isGroup(key) && !name.includes(".")) readGroup({ walk, key, pair, offset });
    else report(walk, offset, `unknown key ${quote(key)}.${formatSuggestion(key, keysInFiles)}`);
  }
}

function isGroup(key: string): boolean {
  return keysInFiles.some((known) => known.startsWith(`${key}.`));
}

interface Found {
  readonly walk: Walk;
  readonly pair: Pair;
  /** Of the key in the file. */
  readonly offset: number;
}

function readGroup({ walk, key, pair, offset }: Found & { readonly key: string }): void {
  if (isMap(pair.value)) readMap(walk, pair.value, `${key}.`);
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
  for (const node of option.repeatable && isSeq(pair.value) ? pair.value.items : [pair.value]) {
    const text = readScalar(walk, node, { option, offset });
    if (text === undefined) return;
    texts.push(text);
  }
  const { line } = walk.lines.linePos(offset);
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

function readScalar(walk: Walk, node: unknown, at: { option: Option<unknown>; offset: number }): string | undefined {
  const { key, repeatable } = at.option;
  if (!isScalar(node)) {
    const wanted = repeatable ? "a value or a list of values" : "one value";
    report(walk, at.offset, `${key} must be ${wanted}${isAlias(node) ? ", not an alias" : ""}`);
    return undefined;
  }
  const text = node.source ?? String(node.value);
  const expanded = expandVariables(text, walk.source.trusted ? walk.source.environment : undefined);
  if ("value" in expanded) return expanded.value;
  report(walk, node.range?.[0] ?? at.offset, `${key}: ${expanded.problem}`);
  return undefined;
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

function report({ source, lines, problems }: Walk, offset: number, message: string): void {
  const { line, col } = lines.linePos(offset);
  problems.push({ where: `${source.file}:${line}:${col}`, message });
}
