import { z } from "zod";
import { outcomes } from "./outcome.ts";

/** How a run ended, and why: what is read back of it. */
export const outcomeSchema = z.enum(outcomes);

/** A code of the error table, what happened, what to do. */
export const reasonSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() });
