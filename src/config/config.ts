import type { Credential } from "../core/credential.ts";
import type { OnBranchExists } from "../core/runner.ts";
import type { TaskLimits } from "../core/task.ts";

/** Everything a command may need to know about its surroundings and its user's wishes. Frozen, paths absolute. */
export interface Config {
  /** Any directory of the repository. */
  readonly repository: string;
  /** A revision, not yet resolved. */
  readonly base: string;
  readonly branch: string | undefined;
  readonly onBranchExists: OnBranchExists;
  readonly executionMode: ExecutionMode;
  readonly server: ServerConfig;
  readonly agent: string;
  readonly model: string | undefined;
  /** A conversation that a task server keeps. */
  readonly session: string | undefined;
  readonly limits: TaskLimits;
  readonly container: ContainerConfig;
  /** What `serve` is told. */
  readonly serve: ServeConfig;
  readonly output: OutputFormat;
  /** Files to write the report to; the ending (`.json`, `.md`) chooses the format. */
  readonly reports: readonly string[];
  readonly dryRun: boolean;
  readonly verbosity: "quiet" | "normal" | "verbose";
  readonly color: ColorMode;
  readonly commit: { readonly authorName: string; readonly authorEmail: string };
  /** What the gateway adds to requests for the model; null where the caller has none. Never print it. */
  readonly credential: Credential | null;
  /** The model's endpoint, as it was given, without a slash at its end. */
  readonly modelBaseUrl: string;
  /** The proxy for `modelBaseUrl`, NO_PROXY already applied. May contain a password. */
  readonly proxyUrl: string | undefined;
  readonly directories: Directories;
  readonly engine: EngineConfig;
  /** What git needs of the caller's environment: where programs are, where the user's own configuration is. */
  readonly git: { readonly path: string; readonly home: string; readonly xdgConfigHome: string };
}

export type ExecutionMode = "cli" | "server";
export type OutputFormat = "text" | "json" | "ndjson";
export type ColorMode = "auto" | "always" | "never";

export interface ServerConfig {
  readonly urls: readonly string[];
  /** The same, each with the proxy on the way to it, NO_PROXY already applied. */
  readonly endpoints: readonly ServerEndpointConfig[];
  readonly apiKey: string | undefined;
}

export interface ServerEndpointConfig {
  readonly url: string;
  /** May contain a password. */
  readonly proxyUrl: string | undefined;
}

export interface ContainerConfig {
  /** A ready image; undefined: build from `docker/` on `baseImage`. */
  readonly image: string | undefined;
  readonly baseImage: string;
  /** Network mode of image builds; undefined: Docker's default. */
  readonly buildNetwork: string | undefined;
  /** File with certificates (PEM) that the build and the gateway trust too. */
  readonly caBundle: string | undefined;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
}

/** How the task server is reached and what it may do. */
export interface ServeConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly publicHosts: readonly string[];
  readonly dataDirectory: string;
  readonly concurrency: number;
  readonly warm: number;
  readonly queueLimit: number;
  readonly workspaceRoots: readonly string[];
  readonly urlHosts: readonly string[];
  readonly drainMs: number;
  /** How long tasks are kept after their end, and conversations after they were continued last. */
  readonly keepMs: number;
  readonly keysFile: string | undefined;
  /** `name:key,name:key`. Never print it. */
  readonly keys: string | undefined;
}

export interface Directories {
  /** Runs and their logs. */
  readonly state: string;
  /** Short parent for private directories with sockets (a socket's path holds 107 bytes). */
  readonly runtime: string;
  readonly home: string;
  /** Holds the global `config.yaml`. */
  readonly config: string;
}

/** How the caller says to reach the container engine (the Docker CLI's own variables). */
export interface EngineConfig {
  readonly host: string | undefined;
  readonly context: string | undefined;
  readonly configDirectory: string;
  readonly tlsVerify: boolean;
  readonly certPath: string | undefined;
}
