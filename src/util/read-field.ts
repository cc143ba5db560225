/**
 * A field of a value from outside, for the few answers that are read before there is time to load schemas
 * (docs/adr/0010-two-phases.md); undefined where the value is no object or has none.
 */
export function readField(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const field: unknown = Reflect.get(value, name);
  return field;
}

/** The same where it must be a text. */
export function readText(value: unknown, name: string): string | undefined {
  const field = readField(value, name);
  return typeof field === "string" ? field : undefined;
}
