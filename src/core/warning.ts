import { z } from "zod";

/** Something the user should know that did not decide the outcome. Codes are listed in docs/errors.md. */
export const warningSchema = z.object({ code: z.string(), message: z.string() });
export type Warning = z.infer<typeof warningSchema>;
