import { fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";

/** What the process with the streams can be told. */
export type StreamCommand =
  /** Begins another task. */
  | { readonly kind: "task" }
  /** Appends so many events to the task, and ends it. `bytes`: of an event; 0: as an agent's messages are. */
  | { readonly kind: "write"; readonly events: number; readonly batch: number; readonly bytes: number }
  /** Sends so many texts to who has connected to `barePort`. */
  | { readonly kind: "bare"; readonly events: number }
  /** The same, one event at a time with `stamp` as its text. */
  | { readonly kind: "drip" | "bare-drip"; readonly events: number }
  | { readonly kind: "memory" };

export interface StreamChild extends AsyncDisposable {
  readonly port: number;
  readonly barePort: number;
  startTask(): Promise<string>;
  tell(command: StreamCommand): Promise<unknown>;
  readMemory(): Promise<{ readonly megabytes: number; readonly peakMegabytes: number }>;
}

const portsSchema = z.object({ port: z.number(), barePort: z.number() });
const taskSchema = z.object({ taskId: z.string() });
const memorySchema = z.object({ megabytes: z.number(), peakMegabytes: z.number() });

export async function startStreamChild(): Promise<StreamChild> {
  const child = fork(new URL("stream-server.ts", import.meta.url), { execArgv: ["--expose-gc"] });
  let waiting = Promise.withResolvers<unknown>();
  child.on("message", (answer) => waiting.resolve(answer));
  child.on("exit", () => waiting.reject(new Error("the process with the streams has ended")));
  const next = async (): Promise<unknown> => {
    const answer = await waiting.promise;
    waiting = Promise.withResolvers();
    return answer;
  };
  const ports = portsSchema.parse(await next());
  const tell = (command: StreamCommand): Promise<unknown> => {
    const answer = next();
    child.send(command);
    return answer;
  };
  return {
    ...ports,
    startTask: async () => taskSchema.parse(await tell({ kind: "task" })).taskId,
    tell,
    readMemory: async () => memorySchema.parse(await tell({ kind: "memory" })),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      waiting.promise.catch(() => undefined);
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
