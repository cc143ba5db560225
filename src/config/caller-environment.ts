/** The environment this process was started with: the one place that reads it. Everybody else is handed what they need. */
export function readCallerEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
