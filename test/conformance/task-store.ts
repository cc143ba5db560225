import { describe } from "vitest";
import { describeCreation } from "./task-store/creation.ts";
import { describeEvents } from "./task-store/events.ts";
import { describeFences } from "./task-store/fences.ts";
import { describeHints } from "./task-store/hints.ts";
import { describeLists } from "./task-store/lists.ts";
import { describeQueue } from "./task-store/queue.ts";
import { describeRandomHistories } from "./task-store/random-histories.ts";
import type { CreatePlace } from "./task-store/support.ts";

/** Every promise of TaskStore, for any engine. */
export function describeTaskStore(engine: string, createPlace: CreatePlace): void {
  describe(`the task store on ${engine}`, () => {
    describeCreation(createPlace);
    describeQueue(createPlace);
    describeFences(createPlace);
    describeEvents(createPlace);
    describeLists(createPlace);
    describeHints(createPlace);
    describeRandomHistories(createPlace);
  });
}
