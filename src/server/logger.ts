import { pino } from "pino";
import type { Logger as PinoLogger } from "pino";

export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error"> & {
  child(bindings: Readonly<Record<string, unknown>>): Logger;
};

export interface LoggerOptions {
  readonly level: "debug" | "info" | "warn" | "silent";
  /** Gets one JSON text per line. */
  readonly stream: { write(line: string): unknown };
}

const secretNames = [
  "authorization",
  "cookie",
  "set-cookie",
  "proxy-authorization",
  "ticket",
  "key",
  "token",
  "apiKey",
];
const secretPaths = secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** NDJSON. What holds a credential by its name is never written, wherever it is put. */
export function createLogger({ level, stream }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths, censor: "[redacted]" },
    },
    stream,
  );
}
