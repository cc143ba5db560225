/** Takes secrets out of what is stored or shown. Its output contains no secret in any of the forms of `buildForms`. */
export interface Redactor {
  /** Keeps JSON text valid as long as a secret stands inside a string. */
  redactText(text: string): string;
  /** The same for bytes, across the borders of chunks. Only what may be the beginning of a secret is held back. */
  redactChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

/** Shorter values would take ordinary words apart. In UTF-16 units. */
const minSecretLength = 6;

/** Values shorter than 6 are ignored. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = [...new Set(secrets.flatMap((secret) => [secret, secret.trim()]))]
    .filter((secret) => secret.length >= minSecretLength)
    .flatMap(buildForms);
  if (forms.length === 0) return { redactText: (text) => text, redactChunks: passOn };
  const replacement = chooseReplacement(forms);
  const text = buildPattern(forms);
  // Bytes are handled as one character each, so that no chunk border falls within a character.
  const byteForms = forms.map(toByteString);
  const bytes: ByteRedaction = { forms: byteForms, pattern: buildPattern(byteForms), replacement };
  return {
    redactText: (input) => input.replace(text, replacement),
    redactChunks: (source) => redactChunks(bytes, source),
  };
}

/** How a secret may appear: as it is, in JSON (once and twice), in a URL or form, in base64 at any of three offsets. */
function buildForms(secret: string): readonly string[] {
  const json = escapeJson(secret);
  const ascii = json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const url = encodeURIComponent(secret.toWellFormed());
  const lowerUrl = url.replace(/%../g, (code) => code.toLowerCase());
  const form = new URLSearchParams({ "": secret }).toString().slice(1);
  return [...new Set([secret, json, escapeJson(json), ascii, url, lowerUrl, form, ...buildBase64Forms(secret)])];
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function buildBase64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // Only the characters that the secret alone decides; those at the edges depend on its neighbours.
    const core = encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/**
 * The replacement must not be, hold or complete a secret: none lies within it, and its outer characters are in none,
 * so that no secret can reach over its edge.
 */
function chooseReplacement(forms: readonly string[]): string {
  const fits = (candidate: string): boolean =>
    forms.every(
      (form) => !candidate.includes(form) && !form.includes(candidate.charAt(0)) && !form.includes(candidate.slice(-1)),
    );
  const known = ["[redacted]", "<redacted>", "{redacted}", "[***]", "<***>"].find(fits);
  if (known !== undefined) return known;
  let block = 0x2588;
  while (!fits(String.fromCharCode(block))) block++;
  return String.fromCharCode(block);
}

/** The longest form first: of two that begin at the same place it leaves nothing over. */
function buildPattern(forms: readonly string[]): RegExp {
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)).join("|"), "g");
}

function toByteString(text: string): string {
  return Buffer.from(text).toString("latin1");
}

interface ByteRedaction {
  readonly forms: readonly string[];
  readonly pattern: RegExp;
  readonly replacement: string;
}

async function* passOn(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source;
}

async function* redactChunks(redaction: ByteRedaction, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const replacement = toByteString(redaction.replacement);
  let held = "";
  for await (const chunk of source) {
    const text = held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    const { done, rest } = redactSettled({ ...redaction, replacement }, text);
    held = rest;
    if (done !== "") yield Buffer.from(done, "latin1");
  }
  if (held !== "") yield Buffer.from(held.replace(redaction.pattern, replacement), "latin1");
}

/** Redacts all but the end that may be the beginning of a secret, or of a longer one than is complete so far. */
function redactSettled({ forms, pattern, replacement }: ByteRedaction, text: string): { done: string; rest: string } {
  let done = "";
  let position = 0;
  let hold = findOpenEnd(forms, text, 0);
  for (const match of text.matchAll(pattern)) {
    if (match.index >= hold) break;
    done += text.slice(position, match.index) + replacement;
    position = match.index + match[0].length;
    if (position > hold) hold = findOpenEnd(forms, text, position);
  }
  return { done: done + text.slice(position, hold), rest: text.slice(hold) };
}

/** The first place from `start` on from where the text, up to its end, is the beginning of a form. */
function findOpenEnd(forms: readonly string[], text: string, start: number): number {
  let first = text.length;
  for (const form of forms) {
    for (let at = Math.max(start, text.length - form.length + 1); at < first; at++) {
      if (form.startsWith(text.slice(at))) first = at;
    }
  }
  return first;
}
