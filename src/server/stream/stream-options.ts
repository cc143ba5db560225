/** How events are sent. Sizes in bytes, times in milliseconds. */
export interface StreamOptions {
  /** Most events that are read from the store at a time. */
  readonly batchEvents: number;
  /** A batch ends with the event that reaches this size. */
  readonly batchBytes: number;
  /** How often the store is asked where no hint comes. */
  readonly pollMs: number;
  /** Nothing is read for a connection while more than this waits in its socket. */
  readonly bufferedBytes: number;
  /** A connection that takes nothing for so long is closed. */
  readonly drainMs: number;
  readonly pingMs: number;
  /** How long a client may take to answer a ping. */
  readonly pongMs: number;
  /** What SSE clients are told to wait before they connect again. */
  readonly retryMs: number;
  /** Longest `wait` of a page; a longer one is shortened. */
  readonly maxWaitMs: number;
  /** A page ends with the event that reaches this size. */
  readonly pageBytes: number;
  /** Largest message of a client; all are ignored. */
  readonly messageBytes: number;
  /** Most messages of a client between two pings. */
  readonly messages: number;
  /** Most open streams of one owner, over all transports. */
  readonly connectionsPerOwner: number;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

export const defaultStreamOptions: StreamOptions = {
  batchEvents: 200,
  batchBytes: 256 * kibibyte,
  pollMs: 1_000,
  bufferedBytes: mebibyte,
  drainMs: 60_000,
  pingMs: 15_000,
  pongMs: 10_000,
  retryMs: 1_000,
  maxWaitMs: 60_000,
  pageBytes: 4 * mebibyte,
  messageBytes: 64 * kibibyte,
  messages: 30,
  connectionsPerOwner: 2_000,
};
