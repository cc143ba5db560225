import { concurrent } from "../concurrent.ts";
import { configLoad } from "../config-load.ts";
import { eventLog } from "../event-log.ts";
import { help } from "../help.ts";
import { memory } from "../memory.ts";
import { serverChaos, serverRecovery } from "../server-faults.ts";
import { serverFirstEvent } from "../server-first-event.ts";
import { serverSubmit } from "../server-submit.ts";
import { startUp } from "../start-up.ts";
import { streamJson } from "../stream-json.ts";
import { streamLatency, streamSockets, streamStalled, streamThroughput } from "../streams.ts";
import { wholeTask } from "../whole-task.ts";
import { workspace } from "../workspace.ts";
import type { Bench } from "./row.ts";

/** Every bench, in the order of the table. */
export const benches: readonly Bench[] = [
  wholeTask,
  startUp,
  workspace,
  help,
  memory,
  streamJson,
  streamThroughput,
  streamLatency,
  streamSockets,
  streamStalled,
  configLoad,
  eventLog,
  concurrent,
  serverFirstEvent,
  serverSubmit,
  serverRecovery,
  serverChaos,
];
