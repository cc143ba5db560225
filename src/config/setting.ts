/** Where a value came from. */
export interface Origin {
  readonly kind: "flag" | "environment" | "env-file" | "project-file" | "global-file" | "default";
  /** `--model`, `AGENT_WORKER_MODEL`, `/repository/.agent-worker.yaml:3`; empty for defaults. */
  readonly name: string;
}

/** A value as one source gives it, not yet parsed. */
export interface Setting {
  /** One text; several only for repeatable options. */
  readonly texts: readonly string[];
  readonly origin: Origin;
  /** What relative paths start from. */
  readonly directory: string;
  /** Whether it is the user's word; that of a project file is not, unless the user trusts the repository. */
  readonly trusted: boolean;
}

/** What one source says, by the options' keys. */
export type Layer = ReadonlyMap<string, Setting>;

/** Something wrong with the configuration. */
export interface Problem {
  /** Where: a flag, a variable, `file:line:column`. */
  readonly where: string;
  readonly message: string;
}
