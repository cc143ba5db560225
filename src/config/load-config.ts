import { join } from "node:path";
import type { Warning } from "../core/warning.ts";
import { buildConfig } from "./build-config.ts";
import type { Config } from "./config.ts";
import { checkCaBundle } from "./check-ca-bundle.ts";
import { buildConfigError } from "./config-error.ts";
import {
  findHome,
  findMachineDefaults,
  findProjectDirectory,
  isTrustedDirectory,
  isUsableRuntimeDirectory,
} from "./find-directories.ts";
import { optionList, options } from "./options.ts";
import { readEnvFile } from "./read-env-file.ts";
import { readEnvironment } from "./read-environment.ts";
import type { Environment } from "./read-environment.ts";
import { readFlags } from "./read-flags.ts";
import type { FlagValues } from "./read-flags.ts";
import { readTextFile } from "./read-text-file.ts";
import { read, readList, startReading } from "./reading.ts";
import type { Entry, Reading } from "./reading.ts";
import type { Layer, Problem } from "./setting.ts";

export interface ConfigSources {
  readonly flags: FlagValues;
  readonly environment: Environment;
  /** Absolute. Relative paths start here, and `.env` is read here. */
  readonly workingDirectory: string;
  /** Where `.agent-worker.yaml` is looked for; undefined: the work tree that the repository option points into. */
  readonly projectDirectory?: string | undefined;
  /** Whether git tracks a file, so that it comes from the repository; undefined: `.env` is taken for the user's own. */
  readonly isTracked?: ((file: string) => Promise<boolean>) | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Every setting, in the order of the table, with what it is and where it came from. Holds no secret. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly warnings: readonly Warning[];
}

/** Reads flags, environment and files into one frozen Config. Throws CONFIG_INVALID with all problems there are. */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { environment, workingDirectory } = sources;
  const home = findHome(environment);
  const machine = findMachineDefaults(environment, home);
  const flags = readFlags(sources.flags, workingDirectory);
  const ofEnvironment = dropUnusable(readEnvironment(environment, workingDirectory));
  const start = (...layers: Layer[]): Reading => startReading({ layers, workingDirectory, home });

  const configDirectory = read(start(ofEnvironment), options.configDirectory, machine.configDirectory);
  const file = join(configDirectory, "config.yaml");
  const readingGlobal = readFile({ kind: "global-file", file, trusted: true, environment });
  const trusting = readingGlobal.then(({ layer }) => readList(start(layer), options.trust));
  // git is asked about this file while the global one is read.
  const readingEnv = readEnvFile(join(workingDirectory, ".env"), (file) => isOwnFile(sources, file, trusting));
  const [global, trust, envFile] = await Promise.all([readingGlobal, trusting, readingEnv]);
  const repository = read(start(flags.layer, ofEnvironment, envFile.layer), options.repository);
  const projectDirectory = sources.projectDirectory ?? findProjectDirectory(repository);
  const project = await readProjectFile(projectDirectory, trust, environment);

  const reading = start(flags.layer, ofEnvironment, envFile.layer, project.layer, global.layer);
  const config = buildConfig(reading, machine);
  const problems = [flags, envFile, project, global, reading].flatMap((part) => part.problems);
  problems.push(...checkCaBundle(config.container.caBundle, reading.entries.get(options.caBundle.key)));
  if (problems.length > 0) throw buildConfigError(problems);
  return {
    config,
    entries: sortEntries(reading),
    warnings: [...warnOfSecrets(sources.flags), ...envFile.warnings, ...reading.warnings],
  };
}

function sortEntries({ entries }: Reading): Map<string, Entry> {
  const sorted = optionList.flatMap(({ key }) => entries.get(key) ?? []);
  return new Map(sorted.map((entry) => [entry.key, entry]));
}

function dropUnusable(layer: Layer): Layer {
  const { key } = options.runtimeDirectory;
  const runtime = layer.get(key)?.texts[0];
  if (runtime === undefined || isUsableRuntimeDirectory(runtime)) return layer;
  return new Map([...layer].filter(([other]) => other !== key));
}

interface FileToRead {
  readonly kind: "global-file" | "project-file";
  readonly file: string;
  readonly trusted: boolean;
  readonly environment: Environment;
}

async function readFile(source: FileToRead): Promise<{ layer: Layer; problems: Problem[] }> {
  const found = readTextFile(source.file, { followLinks: source.trusted });
  if (found === undefined) return { layer: new Map(), problems: [] };
  if ("problem" in found) return { layer: new Map(), problems: [{ where: source.file, message: found.problem }] };
  const { readYamlFile } = await import("./read-yaml-file.ts");
  return readYamlFile({ ...source, text: found.text });
}

async function readProjectFile(directory: string | undefined, trust: readonly string[], environment: Environment) {
  if (directory === undefined) return { layer: new Map(), problems: [] };
  const trusted = isTrustedDirectory(directory, trust);
  return readFile({ kind: "project-file", file: join(directory, ".agent-worker.yaml"), trusted, environment });
}

/** `.env` is the user's own, unless git tracks it: then it is the repository's, and as trusted as that. */
async function isOwnFile(
  { isTracked, workingDirectory }: ConfigSources,
  file: string,
  trusting: Promise<readonly string[]>,
): Promise<boolean> {
  if (isTracked === undefined || !(await isTracked(file))) return true;
  const directory = findProjectDirectory(workingDirectory);
  return directory !== undefined && isTrustedDirectory(directory, await trusting);
}

function warnOfSecrets(flags: FlagValues): Warning[] {
  const [flag] = options.serverApiKey.flags;
  if (flag === undefined || !flags.has(flag.name)) return [];
  const message = `${flag.name} can be read by every user of this machine (ps) while this runs; use CLAUDE_SERVER_API_KEY instead.`;
  return [{ code: "SECRET_IN_ARGV", message }];
}
