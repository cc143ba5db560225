import { z } from "zod";

/** An event as it was read back: types of other versions are passed on. */
const storedEventSchema = z.object({
  v: z.literal(1),
  runId: z.string(),
  seq: z.number().int(),
  ts: z.string(),
  type: z.string(),
  data: z.unknown(),
});
export type StoredEvent = z.infer<typeof storedEventSchema>;

/** null for a damaged line, such as the torn last one of a killed run. */
export function parseEvent(line: string): StoredEvent | null {
  try {
    return storedEventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
