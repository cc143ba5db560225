/** What a client may ask of the server. Sizes in bytes, times in milliseconds. */
export interface ServerLimits {
  readonly headerBytes: number;
  readonly headersMs: number;
  /** A JSON body has to be there after this time. */
  readonly bodyMs: number;
  readonly bodyBytes: number;
  /** The body of a task: its text may be 1 MiB, and as JSON a byte may take six (`\u0001`). */
  readonly taskBodyBytes: number;
  readonly bodyDepth: number;
  /** Of all bodies that are being read for one key. */
  readonly ownerBodyBytes: number;
  readonly pushBytes: number;
  /** What a client asks for when it fetches. */
  readonly fetchRequestBytes: number;
  /** A push that brings nothing for so long is given up. */
  readonly pushIdleMs: number;
  /** Processes of git that serve clients at once. */
  readonly gitProcesses: number;
  /** Of them, those of one key: the rest is for others. */
  readonly ownerGitProcesses: number;
  /** Tasks of one key in the queue. */
  readonly ownerQueue: number;
  readonly diffBytes: number;
  readonly longPollMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: ServerLimits = {
  headerBytes: 16 * 1024,
  headersMs: 15_000,
  bodyMs: 30_000,
  bodyBytes: mebibyte,
  taskBodyBytes: 7 * mebibyte,
  bodyDepth: 32,
  ownerBodyBytes: 64 * mebibyte,
  pushBytes: 1024 * mebibyte,
  fetchRequestBytes: 64 * mebibyte,
  pushIdleMs: 60_000,
  gitProcesses: 32,
  ownerGitProcesses: 16,
  ownerQueue: 100,
  diffBytes: 4 * mebibyte,
  longPollMs: 60_000,
};
