export type EventFormat = "json" | "ndjson" | "sse";

const formats: ReadonlyMap<string, EventFormat> = new Map([
  ["application/json", "json"],
  ["application/x-ndjson", "ndjson"],
  ["text/event-stream", "sse"],
]);

/** What the client likes best, the first among equals; a page of JSON where it names nothing that there is. */
export function chooseFormat(accept: string | null): EventFormat {
  let best: { readonly format: EventFormat; readonly quality: number } = { format: "json", quality: 0 };
  for (const part of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const format = formats.get(type);
    const quality = Number(parameters.find((text) => text.startsWith("q="))?.slice(2) ?? 1);
    if (format !== undefined && quality > best.quality) best = { format, quality };
  }
  return best.format;
}
