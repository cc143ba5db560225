/** What is needed to speak to task servers. */
export interface ServerSettings {
  /** At least one, in order of preference. */
  readonly endpoints: readonly ServerEndpoint[];
  /** Sent to these servers and nowhere else; undefined: none is sent. */
  readonly apiKey: string | undefined;
  /** File with certificates (PEM) to trust beside those that Node trusts. */
  readonly caBundle: string | undefined;
  /** The version of this program, for the server's log. */
  readonly version: string;
  readonly patience: ServerPatience;
}

export interface ServerEndpoint {
  /** http or https, without a slash at its end. */
  readonly url: string;
  /** undefined: a direct connection. May hold a password. */
  readonly proxyUrl: string | undefined;
}

/** How long the client waits, in milliseconds. */
export interface ServerPatience {
  /** For one answer, headers and body; uploads and streams have no such limit. */
  readonly requestMs: number;
  /** For a server to answer at all before anything was sent to it. */
  readonly contactMs: number;
  /** For a server that is full or stumbles to take the task. */
  readonly submitMs: number;
  /** Without any answer from the server while a task is followed. */
  readonly unreachableMs: number;
  /** Without a byte on an open stream: the server pings every 15 s. */
  readonly silenceMs: number;
  /** Between two questions where no stream can be had. */
  readonly pollMs: number;
  /** Of the pauses between tries: full jitter below a limit that doubles. */
  readonly backoff: { readonly minMs: number; readonly maxMs: number };
  /** From the end of the time that the task has, which the server enforces, until the client does. */
  readonly lateMs: number;
  /** From a wish to stop until the task must have ended. */
  readonly stopMs: number;
  /** For the base to be sent, and for the result to be fetched. */
  readonly transferMs: number;
  /** A server that failed three times in a row is left alone for so long. */
  readonly breakerMs: number;
}

export const defaultServerPatience: ServerPatience = {
  requestMs: 30_000,
  contactMs: 15_000,
  submitMs: 2 * 60_000,
  unreachableMs: 10 * 60_000,
  silenceMs: 45_000,
  pollMs: 1_000,
  backoff: { minMs: 250, maxMs: 15_000 },
  lateMs: 2 * 60_000,
  stopMs: 2 * 60_000,
  transferMs: 10 * 60_000,
  breakerMs: 30_000,
};
