/** What `agent-worker serve` is told. Sizes in bytes, times in milliseconds. */
export interface ServerSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Holds tasks.sqlite, repositories/, sessions/, runs/. */
  readonly dataDirectory: string;
  readonly concurrency: number;
  readonly warm: number;
  readonly queueLimit: number;
  /** Directories below which `repository.path` may lie; none: `path` is refused. */
  readonly workspaceRoots: readonly string[];
  /** Hosts that `repository.url` may name; none: `url` is refused. */
  readonly urlHosts: readonly string[];
  readonly drainMs: number;
  /** Read anew on SIGHUP. */
  readonly keysFile: string | undefined;
  /** Keys from the environment. */
  readonly keys: readonly ServerKey[];
  readonly version: string;
}

/** A key in the clear exists only between its source and its hash. */
export interface ServerKey {
  /** The owner of what it sends: `^[a-z0-9][a-z0-9_-]{0,31}$`. */
  readonly name: string;
  readonly key: string;
  /** After which it is refused; null: never. */
  readonly expiresAt: Date | null;
}

/** Whose tasks they are where the server has no keys and serves loopback only. */
export const localOwner = "local";
