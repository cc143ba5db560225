import { isAbsolute, join, resolve } from "node:path";
import { parseDuration } from "../util/duration.ts";
import { quote } from "../util/quote.ts";
import { parseSize } from "../util/size.ts";
import type { ParseContext, Parsed, Parser } from "./option.ts";

// Plain functions, not zod: `agent-worker --help` loads the table, and has 22 ms for everything.

/** A word that no program can take for a flag: what goes into the argv of git, Docker or an agent. */
export function parseWord(text: string): Parsed<string> {
  if (text === "") return { problem: "is empty" };
  if (text.startsWith("-")) return { problem: `must not start with "-": ${quote(text)}` };
  if (/[\s\p{Cc}]/u.test(text)) return { problem: `must be one word: ${quote(text)}` };
  return { value: text };
}

/** One line of text, such as a person's name. */
export function parseLine(text: string): Parsed<string> {
  if (text.trim() === "") return { problem: "is empty" };
  if (/[\p{Cc}<>]/u.test(text)) return { problem: `must be one line without < and >: ${quote(text)}` };
  return { value: text.trim() };
}

export function parseText(text: string): Parsed<string> {
  return { value: text };
}

/** Never says what the text is. */
export function parseSecret(text: string): Parsed<string> {
  const secret = text.trim();
  if (secret === "") return { problem: "is empty" };
  return /[^\u0021-\u007e]/.test(secret)
    ? { problem: "must be one word of printable ASCII (was it copied with a line break or quotes?)" }
    : { value: secret };
}

export function parsePath(text: string, { directory, home }: ParseContext): Parsed<string> {
  if (text === "") return { problem: "is empty" };
  if (text.includes("\0")) return { problem: "contains a NUL byte" };
  if (text === "~" || text.startsWith("~/")) return { value: join(home, text.slice(1)) };
  return { value: resolve(directory, text) };
}

export function parseAbsolutePath(text: string, context: ParseContext): Parsed<string> {
  if (isAbsolute(text) || text === "~" || text.startsWith("~/")) return parsePath(text, context);
  return { problem: `must be an absolute path, for example /home/me/project: ${quote(text)}` };
}

/** An http or https URL, without a slash at its end. */
export function parseHttpUrl(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ["http:", "https:"].includes(url.protocol)) return { value: text.replace(/\/+$/, "") };
  return { problem: `${quote(maskUrl(text))} is not an http or https URL, for example https://host.example:8000` };
}

/** A URL that paths are put behind. Never says what the text is: the user in it may be a credential. */
export function parseBaseUrl(text: string): Parsed<string> {
  const parsed = parseHttpUrl(text);
  if ("problem" in parsed) return parsed;
  const { username, password, search, hash } = new URL(text);
  if (username + password !== "") return { problem: "must not hold a user; the credential has a variable of its own" };
  return search + hash === "" ? parsed : { problem: "must end with its path, without a query" };
}

/** Proxies are often written without a scheme. */
export function parseProxyUrl(text: string): Parsed<string> {
  return parseHttpUrl(text.includes("://") ? text : `http://${text}`);
}

/** Hides the user and password that a URL may carry. */
export function maskUrl(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, "$1***@");
}

export function parseDurationMs(text: string): Parsed<number> {
  const durationMs = parseDuration(text);
  return durationMs === undefined
    ? { problem: `${quote(text)} is not a duration: use a number with ms, s, m, h or d, for example 30m or 1h30m` }
    : { value: durationMs };
}

export function parseSizeBytes(text: string): Parsed<number> {
  const sizeBytes = parseSize(text);
  return sizeBytes === undefined
    ? { problem: `${quote(text)} is not a size: use a number with k, m or g, for example 512m or 4g` }
    : { value: sizeBytes };
}

/** A whole number from `minimum` up. */
export function parseInteger(minimum: number, example: string): Parser<number> {
  return (text) => {
    const value = Number(text);
    return /^\d{1,15}$/.test(text.trim()) && value >= minimum
      ? { value }
      : { problem: `${quote(text)} is not a whole number from ${minimum}, for example ${example}` };
  };
}

/** A decimal number above zero. */
export function parseAmount(what: string, example: string): Parser<number> {
  return (text) => {
    const value = Number(text);
    return /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) && value > 0
      ? { value }
      : { problem: `${quote(text)} is not ${what} above 0, for example ${example}` };
  };
}

export function parseBoolean(text: string): Parsed<boolean> {
  if (["true", "1", "yes", "on"].includes(text.toLowerCase())) return { value: true };
  if (["false", "0", "no", "off"].includes(text.toLowerCase())) return { value: false };
  return { problem: `${quote(text)} is neither true nor false` };
}

export function parseChoice<const Choices extends readonly string[]>(choices: Choices): Parser<Choices[number]> {
  return (text) => {
    const value: Choices[number] | undefined = choices.find((choice) => choice === text);
    return value === undefined ? { problem: `must be ${formatList(choices)}, not ${quote(text)}` } : { value };
  };
}

function formatList(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
}
