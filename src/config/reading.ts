import type { Warning } from "../core/warning.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { Option, Parsed } from "./option.ts";
import { maskUrl } from "./parsers.ts";
import type { Layer, Origin, Problem, Setting } from "./setting.ts";

/** One setting as it counts, for people and programs that ask. */
export interface Entry {
  readonly key: string;
  /** As it is written in files; `set` for secrets; undefined where there is no value. */
  readonly text: string | undefined;
  /** As the code gets it (milliseconds, bytes, absolute paths); `set` for secrets. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** The state of reading options from layers: what was found, and all that is wrong, so that it can be told at once. */
export interface Reading {
  /** The strongest first. */
  readonly layers: readonly Layer[];
  readonly workingDirectory: string;
  readonly home: string;
  readonly entries: Map<string, Entry>;
  readonly problems: Problem[];
  readonly warnings: Warning[];
}

export function startReading(start: Pick<Reading, "layers" | "workingDirectory" | "home">): Reading {
  return { ...start, entries: new Map(), problems: [], warnings: [] };
}

/** The value that counts; `fallback` is a default that depends on the machine. For options that have a default. */
export function read<T>(reading: Reading, option: Option<T>, fallback = option.defaultText): T {
  const value = readOptional(reading, option, fallback);
  if (value !== undefined) return value;
  // The value was wrong, which is on the list of problems: go on with the default, to find the other problems.
  const parsed = parse(reading, option, { texts: [fallback ?? ""] });
  if ("value" in parsed) return parsed.value;
  throw new WorkerError("INTERNAL", `${option.key} has no default`);
}

/** The value that counts; undefined where there is none, or where it is wrong. */
export function readOptional<T>(reading: Reading, option: Option<T>, fallback = option.defaultText): T | undefined {
  const setting = chooseSetting(reading, option) ?? buildDefault(reading, fallback);
  if (setting === undefined) {
    reading.entries.set(option.key, { key: option.key, text: undefined, value: null, origin: byDefault });
    return undefined;
  }
  const [value] = parseAll(reading, option, { ...setting, texts: setting.texts.slice(-1) });
  record(reading, option, { setting, texts: setting.texts.slice(-1), value });
  return value;
}

/** The values of a repeatable option. */
export function readList<T>(reading: Reading, option: Option<T>): readonly T[] {
  const setting = chooseSetting(reading, option);
  const values = setting === undefined ? [] : parseAll(reading, option, setting);
  record(reading, option, { setting, texts: setting?.texts ?? [], value: values });
  return values;
}

const byDefault: Origin = { kind: "default", name: "" };

function buildDefault({ workingDirectory }: Reading, text: string | undefined): Setting | undefined {
  if (text === undefined) return undefined;
  return { texts: [text], origin: byDefault, directory: workingDirectory, trusted: true };
}

function chooseSetting({ layers, ...reading }: Reading, option: Option<unknown>): Setting | undefined {
  const settings = layers.flatMap((layer) => layer.get(option.key) ?? []);
  return settings.find((setting) => {
    if (setting.trusted || !option.projectMayOnlyLower) return true;
    const ceiling = settings.find(({ trusted }) => trusted) ?? { texts: [option.defaultText ?? ""] };
    const isHigher = toNumber(parse(reading, option, setting)) > toNumber(parse(reading, option, ceiling));
    if (!isHigher) return true;
    reading.warnings.push({
      code: "SETTING_UNTRUSTED",
      message: `${setting.origin.name}: ${option.key} ${setting.texts.join(" ")} is ignored, because a project file may only lower it (now ${ceiling.texts.join(" ")}). Raise it in the global file, or add the repository to "trust" there.`,
    });
    return false;
  });
}

/** What is no number is neither higher nor lower: no ceiling, or a value whose problem is told when it is read. */
function toNumber(parsed: Parsed<unknown>): number {
  return "value" in parsed && typeof parsed.value === "number" ? parsed.value : Number.NaN;
}

function parse<T>(
  { workingDirectory, home }: Pick<Reading, "workingDirectory" | "home">,
  option: Option<T>,
  setting: Pick<Setting, "texts"> & Partial<Setting>,
): Parsed<T> {
  return option.parse(setting.texts.at(-1) ?? "", { directory: setting.directory ?? workingDirectory, home });
}

function parseAll<T>(reading: Reading, option: Option<T>, setting: Setting): T[] {
  return setting.texts.flatMap((text) => {
    const parsed = parse(reading, option, { ...setting, texts: [text] });
    if ("value" in parsed) return [parsed.value];
    const { kind, name } = setting.origin;
    const subject = kind === "flag" || kind === "environment" ? "" : `${option.key} `;
    reading.problems.push({ where: name, message: `${subject}${parsed.problem}` });
    return [];
  });
}

interface Recorded {
  readonly setting: Setting | undefined;
  readonly texts: readonly string[];
  readonly value: unknown;
}

function record({ entries }: Reading, option: Option<unknown>, { setting, texts, value }: Recorded): void {
  const { key, secret } = option;
  const origin = setting?.origin ?? byDefault;
  if (secret || texts.length === 0) {
    const shown = texts.length === 0 ? undefined : "set";
    entries.set(key, { key, text: shown, value: shown ?? value, origin });
    return;
  }
  const values = Array.isArray(value) ? value.map(toShown) : toShown(value);
  const text = [values].flat().every((one) => typeof one === "string") ? [values].flat().join(", ") : texts.join(", ");
  entries.set(key, { key, text, value: values, origin });
}

/** Proxies and endpoints may carry a password. */
function toShown(value: unknown): unknown {
  return typeof value === "string" && value.includes("://") ? maskUrl(value) : value;
}
