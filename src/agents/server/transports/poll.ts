import { z } from "zod";
import { parseJson } from "../../../util/parse-json.ts";
import { pause } from "../backoff.ts";
import type { HttpClient } from "../http-client.ts";
import { buildTaskPath } from "../task-api.ts";
import { buildQuery, toRefusal } from "./transport.ts";
import type { StreamPart, StreamPlace } from "./transport.ts";

/** The largest page stays below what one answer may hold. */
const pageEvents = 50;
/** Held back by the server until there is something. */
const waitSeconds = 20;

/** Events stay as they were parsed: written again they are what was stored, as long as nobody reorders them. */
const eventsSchema = z.array(z.unknown());
/** As far as a page is needed here; a plainer server sends the bare list. */
const pageSchema = z.union([
  z.looseObject({ events: eventsSchema, complete: z.boolean().optional() }),
  eventsSchema.transform((events) => ({ events, complete: undefined })),
]);
type Page = z.infer<typeof pageSchema>;
const numberedSchema = z.looseObject({ seq: z.number() });

interface PageRequest extends StreamPlace {
  readonly limit: number;
}

/** The stream by asking again and again: for networks that let no stream pass. Ends when everything known was told. */
export async function* followByPolling(client: HttpClient, place: StreamPlace): AsyncGenerator<StreamPart> {
  let { after } = place;
  let limit = pageEvents;
  for (;;) {
    const asked = performance.now();
    const { page, end } = await readPage(client, { ...place, after, limit });
    if (page === null) {
      const isTooMuch = end.kind === "oversize" && limit > 1;
      if (!isTooMuch) {
        yield end;
        return;
      }
      limit = 1;
      continue;
    }
    for (const event of page.events) {
      // Parsed and written again: almost always the text that was stored.
      yield { kind: "text", text: JSON.stringify(event), isExact: false };
      after = Math.max(after, numberedSchema.safeParse(event).data?.seq ?? 0);
    }
    if (isLast(page)) break;
    if (page.events.length === 0) await pauseBetween(client, { asked, signal: place.signal });
  }
  yield { kind: "closed" };
}

type PageAnswer = { readonly page: Page; readonly end?: undefined } | { readonly page: null; readonly end: StreamPart };

async function readPage(client: HttpClient, request: PageRequest): Promise<PageAnswer> {
  const query = `${buildQuery(request)}&limit=${request.limit}&wait=${waitSeconds}s`;
  const path = `${buildTaskPath(request.taskId)}/events?${query}`;
  const timeoutMs = client.settings.patience.requestMs + waitSeconds * 1000;
  const reply = await client.send({ method: "GET", path, signal: request.signal, timeoutMs });
  if (!reply.ok) return { page: null, end: reply.tooLarge === true ? { kind: "oversize" } : toRefusal(reply) };
  const page = pageSchema.safeParse(parseJson(reply.text)).data;
  return page === undefined ? { page: null, end: { kind: "broken" } } : { page };
}

function isLast({ complete, events }: Page): boolean {
  return complete ?? events.length === 0;
}

/** A server that does not hold its answers back is not asked without a break. */
async function pauseBetween(
  { settings }: HttpClient,
  { asked, signal }: { readonly asked: number; readonly signal: AbortSignal },
): Promise<void> {
  const restMs = settings.patience.pollMs - (performance.now() - asked);
  if (restMs > 0) await pause(restMs, signal);
}
