import { WorkerError } from "../../core/worker-error.ts";
import type { ServerKey } from "./key-ring.ts";

const namePattern = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const keyPattern = /^[\u0021-\u007e]{1,512}$/;
/** RFC 3339: a date (its beginning, in UTC) or a date with a time and an offset. */
const datePattern = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;

/** `name:key,name:key`. Throws KEYS_INVALID, which never says what a key is. */
export function parseKeys(text: string, origin: string): readonly ServerKey[] {
  return text
    .split(",")
    .map((entry, index) => ({ entry: entry.trim(), place: `${origin}, entry ${index + 1}` }))
    .filter(({ entry }) => entry !== "")
    .map(({ entry, place }) => parseKey(entry, place));
}

/** One `name:key` or `name:key:expiry` per line; `#` begins a comment line. Throws KEYS_INVALID. */
export function parseKeysFile(text: string, file: string): readonly ServerKey[] {
  return text
    .split("\n")
    .map((line, index) => ({ entry: line.trim(), place: `${file}:${index + 1}` }))
    .filter(({ entry }) => entry !== "" && !entry.startsWith("#"))
    .map(({ entry, place }) => parseKey(entry, place));
}

function parseKey(entry: string, place: string): ServerKey {
  const [name = "", key = "", ...rest] = entry.split(":");
  const expiry = rest.join(":").trim();
  if (!namePattern.test(name)) throw toError(place, "the name must be 1 to 32 of a-z, 0-9, _ and -");
  if (!keyPattern.test(key))
    throw toError(place, "the key must be 1 to 512 printable ASCII characters, without a colon");
  if (expiry === "") return { name, key, expiresAt: null };
  const expiresAt = new Date(datePattern.test(expiry) ? expiry : Number.NaN);
  if (Number.isNaN(expiresAt.getTime()))
    throw toError(place, "the expiry must be a date of RFC 3339, such as 2027-01-31");
  return { name, key, expiresAt };
}

function toError(place: string, problem: string): WorkerError {
  return new WorkerError("KEYS_INVALID", `${place}: ${problem}.`);
}
