import type { ContainerCreateOptions, HostConfig } from "dockerode";

/**
 * The flags of `docker run` that mean what `options` say: the floor is made of the product's own profile, so that the two
 * cannot drift apart. Throws for a setting that it does not know, rather than leave it out. The volume for the work is
 * replaced by `workspace`, a directory of the host.
 */
export function buildRunFlags(options: ContainerCreateOptions, workspace: string): readonly string[] {
  const { HostConfig: host = {}, ...own } = options;
  return ["run", "--rm", "-i", ...translate(ownFlags, own), ...translate(hostFlags(workspace), host)];
}

type Translation<Settings> = {
  readonly [Key in keyof Settings]?: (value: NonNullable<Settings[Key]>) => readonly string[];
};

function translate<Settings extends object>(
  translations: Translation<Settings>,
  settings: Settings,
): readonly string[] {
  const known = new Set<string>(Object.keys(translations));
  for (const name of Object.keys(settings)) {
    if (!known.has(name)) throw new Error(`bench: no flag of docker run is known for ${name}`);
  }
  const flags: string[] = [];
  for (const name in translations) {
    const value = settings[name];
    if (value !== undefined && value !== null) flags.push(...(translations[name]?.(value) ?? []));
  }
  return flags;
}

const ownFlags: Translation<ContainerCreateOptions> = {
  // Image and command are arguments, not flags: the caller's part.
  Image: () => [],
  Entrypoint: () => [],
  Cmd: () => [],
  User: (user) => ["--user", user],
  WorkingDir: (directory) => ["--workdir", directory],
  Env: (variables) => variables.flatMap((variable) => ["--env", variable]),
  Labels: (labels) => Object.entries(labels).flatMap(([name, value]) => ["--label", `bench.${name}=${value}`]),
  // `--network none` says the same.
  NetworkDisabled: () => [],
};

function hostFlags(workspace: string): Translation<HostConfig> {
  return {
    NetworkMode: (mode) => ["--network", mode],
    Init: () => ["--init"],
    ReadonlyRootfs: () => ["--read-only"],
    CapDrop: (names) => [names].flat().flatMap((name) => ["--cap-drop", name]),
    SecurityOpt: (names) => [names].flat().flatMap((name) => ["--security-opt", name]),
    Privileged: (on) => (on ? ["--privileged"] : []),
    IpcMode: (mode) => ["--ipc", mode],
    PidsLimit: (limit) => ["--pids-limit", String(limit)],
    Memory: (bytes) => ["--memory", String(bytes)],
    MemorySwap: (bytes) => ["--memory-swap", String(bytes)],
    CpuPeriod: (period) => ["--cpu-period", String(period)],
    CpuQuota: (quota) => ["--cpu-quota", String(quota)],
    Ulimits: (limits) => limits.flatMap(({ Name, Soft, Hard }) => ["--ulimit", `${Name}=${Soft}:${Hard}`]),
    Tmpfs: (mounts) => Object.entries(mounts).flatMap(([path, text]) => ["--tmpfs", `${path}:${text}`]),
    Mounts: (mounts) =>
      mounts.flatMap(({ Type, Source, Target, ReadOnly }) => [
        "--mount",
        Type === "volume"
          ? `type=bind,source=${workspace},target=${Target}`
          : `type=${Type},source=${Source},target=${Target}${ReadOnly === true ? ",readonly" : ""}`,
      ]),
    LogConfig: (log) => ["--log-driver", log.Type],
  };
}
