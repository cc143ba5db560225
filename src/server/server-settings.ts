/** What the server as a whole is told; its parts are told the rest by wire-server.ts. Times in milliseconds. */
export interface ServerSettings {
  readonly version: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Names under which it is reached beside its address. */
  readonly publicHosts: readonly string[];
  /** Holds tasks.sqlite, repositories/, sessions/, runs/. */
  readonly dataDirectory: string;
  readonly concurrency: number;
  readonly queueLimit: number;
  /** How long running tasks may go on when the server is told to stop. */
  readonly drainMs: number;
  /** How long a task is kept after its end, and a conversation after it was continued last. */
  readonly keepMs: number;
}
