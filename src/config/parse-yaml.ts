import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from "js-yaml";
import type { Event, ScalarEvent } from "js-yaml";

/** A part of a YAML text; `offset` is where it begins. Scalars are as they are written: what they mean is the reader's business. */
export type YamlNode =
  | { readonly kind: "scalar"; readonly offset: number; readonly text: string; readonly isNull: boolean }
  | { readonly kind: "sequence"; readonly offset: number; readonly items: readonly YamlNode[] }
  | { readonly kind: "mapping"; readonly offset: number; readonly pairs: readonly YamlPair[] }
  | { readonly kind: "alias"; readonly offset: number };

export interface YamlPair {
  readonly key: YamlNode;
  readonly value: YamlNode;
}

export type ParsedYaml =
  | { readonly root: YamlNode | undefined }
  | { readonly offset: number; readonly problem: string };

/** Parses a text of one document; the root of an empty one is undefined. Problems quote nothing of the text, which may hold a key. */
export function parseYaml(text: string): ParsedYaml {
  try {
    const documents = readNodes(text, parseEvents(text, {}).values());
    const [first, second] = documents;
    if (second !== undefined) return { offset: second.offset, problem: "must be one document" };
    return { root: first };
  } catch (error) {
    if (error instanceof YAMLException) return { offset: error.mark?.position ?? 0, problem: error.reason };
    throw error;
  }
}

/** The nodes up to the end of what holds them. */
function readNodes(text: string, events: IterableIterator<Event>): YamlNode[] {
  const nodes: YamlNode[] = [];
  for (let next = events.next(); next.done !== true && next.value.type !== EVENT_ID.POP; next = events.next()) {
    const event = next.value;
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        nodes.push(...readNodes(text, events));
        break;
      case EVENT_ID.SCALAR:
        nodes.push(readScalar(text, event));
        break;
      case EVENT_ID.ALIAS:
        nodes.push({ kind: "alias", offset: event.anchorStart });
        break;
      case EVENT_ID.SEQUENCE:
        nodes.push({ kind: "sequence", offset: event.start, items: readNodes(text, events) });
        break;
      case EVENT_ID.MAPPING:
        nodes.push({ kind: "mapping", offset: event.start, pairs: toPairs(readNodes(text, events)) });
        break;
    }
  }
  return nodes;
}

function readScalar(text: string, event: ScalarEvent): YamlNode {
  const isEmpty = event.valueStart < 0;
  const written = isEmpty ? "" : getScalarValue(text, event);
  const isPlain = event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0;
  return { kind: "scalar", offset: event.valueStart, text: written, isNull: isPlain && nulls.has(written) };
}

/** Of YAML 1.2's core schema. */
const nulls: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);

function toPairs(nodes: readonly YamlNode[]): YamlPair[] {
  return nodes.flatMap((key, at) => {
    const value = nodes[at + 1];
    return at % 2 === 1 || value === undefined ? [] : [{ key, value }];
  });
}
