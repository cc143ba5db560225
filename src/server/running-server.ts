/** The whole task server: it listens and carries out tasks. Disposing ends all of it at once. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8000`, with the port it really has. */
  readonly url: string;
  /** Reads the keys anew. A file that is wrong leaves the keys as they are; the log tells. Never rejects. */
  reloadKeys(): Promise<void>;
  /** Takes nothing new, sends streams away, waits for what runs, hands the rest back to the queue. Resolves when nothing runs. */
  drain(): Promise<void>;
}
