/** What the git layer is told of its surroundings; it reads no environment of its own. */
export interface GitSettings {
  /** The PATH in which git is found. */
  readonly path: string;
  /** The user's home, where their own git configuration is. */
  readonly home: string;
  /** XDG_CONFIG_HOME where the user has set it. */
  readonly xdgConfigHome?: string | undefined;
  /** Who writes reflog entries and commits; default `agent-worker <agent-worker@localhost>`. */
  readonly identity?: GitIdentity | undefined;
}

export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

export type GitConfiguration = readonly (readonly [key: string, value: string])[];

export const defaultIdentity: GitIdentity = { name: "agent-worker", email: "agent-worker@localhost" };

/**
 * Nothing here may start a program, ask a person, reach the network or tidy up behind the user's back. A repository's
 * own configuration still applies, so each of its keys that runs something is overruled.
 */
const fixedConfiguration: GitConfiguration = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.quotePath", "false"],
  ["core.attributesFile", "/dev/null"],
  ["core.excludesFile", "/dev/null"],
  ["core.alternateRefsCommand", "false"],
  // Runs of one repository meet at these locks for milliseconds; git's default of 100 ms is short on a busy machine.
  ["core.filesRefLockTimeout", "2000"],
  ["core.packedRefsTimeout", "5000"],
  ["credential.helper", ""],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["log.showSignature", "false"],
];

/**
 * The largest piece of memory that git may ask for: objects of an agent's may unpack to any size. Honest ones stay below,
 * for git takes files of more than 512 MiB (core.bigFileThreshold) in parts.
 */
export const allocationBytes = 1024 ** 3;

/**
 * The whole environment of every git process of the host: nothing is inherited, so GIT_DIR, GIT_INDEX_FILE and their
 * like from a calling hook do not exist here. `configuration` wins over the fixed one.
 */
export function buildGitEnvironment(
  settings: GitSettings,
  configuration: GitConfiguration = [],
): Readonly<Record<string, string>> {
  const { name, email } = settings.identity ?? defaultIdentity;
  return {
    PATH: settings.path,
    HOME: settings.home,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    // Nothing here works with an index; the user's is neither read (its attributes) nor written.
    GIT_INDEX_FILE: "/nonexistent/index",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    // A partial clone would fetch what it lacks from the user's remote, with the user's helpers.
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "file",
    GIT_ALLOC_LIMIT: String(allocationBytes),
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    ...toConfigurationVariables([...fixedConfiguration, ...configuration]),
  };
}

/** The user's own environment for the one question that only their configuration answers: what they declared safe. */
export function buildUserGitEnvironment(settings: GitSettings): Readonly<Record<string, string>> {
  return {
    PATH: settings.path,
    HOME: settings.home,
    LC_ALL: "C.UTF-8",
    ...(settings.xdgConfigHome === undefined ? {} : { XDG_CONFIG_HOME: settings.xdgConfigHome }),
  };
}

function toConfigurationVariables(configuration: GitConfiguration): Record<string, string> {
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(configuration.length) };
  for (const [index, [key, value]] of configuration.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
}
