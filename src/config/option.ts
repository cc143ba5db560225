/** A text turned into a value, or what is wrong with it (no subject, no full stop: `... is not a duration`). */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

export interface ParseContext {
  /** What relative paths start from: the working directory, or that of the file that sets the value. */
  readonly directory: string;
  readonly home: string;
}

export type Parser<T> = (text: string, context: ParseContext) => Parsed<T>;

export interface Flag {
  /** With its dashes: `--model`. */
  readonly name: string;
  /** How --help calls the argument; undefined: the flag takes none. */
  readonly argument: string | undefined;
  /** What the flag means where it takes no argument. */
  readonly meaning: string | undefined;
}

export interface EnvironmentName {
  readonly name: string;
  /** For variables of other programs, whose values are not ours: NO_COLOR=1 means `never`. undefined: as if not set. */
  readonly toText: (text: string) => string | undefined;
}

/** One row of the table that flags, environment, files, `config`, completion and docs/configuration.md are made from. */
export interface Option<T> {
  /** Dotted path in YAML files: `limits.timeout`. */
  readonly key: string;
  readonly description: string;
  /** Heading in --help and in the documentation. */
  readonly group: string;
  readonly flags: readonly Flag[];
  /** In order of preference. */
  readonly environment: readonly EnvironmentName[];
  /** Whether `.env` may set it: not what decides where programs and the engine are. */
  readonly envFile: boolean;
  /** Which files may set it. `all` includes the project file, which comes from the repository and may be hostile. */
  readonly files: "none" | "global" | "all";
  /** A project file that is not trusted may only lower it (below the global file or the default). */
  readonly projectMayOnlyLower: boolean;
  readonly parse: Parser<T>;
  /** As it would be written in a file; undefined: no default, or one that `defaultNote` describes. */
  readonly defaultText: string | undefined;
  readonly defaultNote: string | undefined;
  /** Never shown. */
  readonly secret: boolean;
  /** May be given several times; in files a list. */
  readonly repeatable: boolean;
  /** The only values there are, where that is so. */
  readonly choices: readonly string[];
}

type Required = "key" | "description" | "group" | "parse";

export function defineOption<T>(row: Pick<Option<T>, Required> & Partial<Omit<Option<T>, Required>>): Option<T> {
  return {
    flags: [],
    environment: [],
    envFile: true,
    files: "none",
    projectMayOnlyLower: false,
    defaultText: undefined,
    defaultNote: undefined,
    secret: false,
    repeatable: false,
    choices: [],
    ...row,
  };
}

export function buildFlag(name: string, argument: string): Flag {
  return { name, argument, meaning: undefined };
}

/** A flag without an argument. */
export function buildSwitch(name: string, meaning: string): Flag {
  return { name, argument: undefined, meaning };
}

export function buildEnvironment(...names: string[]): EnvironmentName[] {
  return names.map((name) => ({ name, toText: (text) => text }));
}
