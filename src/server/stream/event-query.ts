import { z } from "zod";
import { parseDuration } from "../../util/duration.ts";

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, "must be a whole number")
  .transform(Number);

/** Where to begin in the events of a task. */
export const placeQuerySchema = z.object({
  /** The seq of the last event that is known. */
  after: wholeNumber.default(0),
  /** The log that `after` was seen in; in another one it means nothing. */
  epoch: z.string().max(100).optional(),
});
export type PlaceQuery = z.infer<typeof placeQuerySchema>;

/** The query of `GET /api/v1/tasks/{id}/events`. */
export const eventQuerySchema = placeQuerySchema.extend({
  /** Most events of a page. */
  limit: wholeNumber.pipe(z.number().min(1).max(1_000)).default(200),
  /** How long an empty page is held back for events: a duration as `30s`; milliseconds once read. */
  wait: z
    .string()
    .max(20)
    .transform((text, context) => {
      const ms = text === "0" || text === "0s" ? 0 : parseDuration(text);
      if (ms === undefined) context.addIssue({ code: "custom", message: "must be a duration such as 30s" });
      return ms ?? z.NEVER;
    })
    .default(0),
});
export type EventQuery = z.infer<typeof eventQuerySchema>;

/** The value of `Last-Event-ID`: a seq; undefined where it is none. */
export function parseLastEventId(text: string): number | undefined {
  return wholeNumber.safeParse(text.trim()).data;
}
