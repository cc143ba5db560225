import { wholeTask } from "../whole-task.ts";
import type { Bench } from "./row.ts";

/** Every bench, in the order of the table. */
export const benches: readonly Bench[] = [wholeTask];
