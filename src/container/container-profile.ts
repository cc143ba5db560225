import type { ContainerCreateOptions, HostConfig } from "dockerode";

/** Everything that is particular to one container. Sizes in bytes. */
export interface ContainerSpec {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Host paths (absolute) and where they appear, always read-only. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  readonly user: { readonly uid: number; readonly gid: number };
  readonly limits: { readonly cpus: number; readonly memoryBytes: number; readonly pids: number };
  /** Give the mounts a label that containers may read (SELinux): they must all be ours, for the label stays. */
  readonly relabel: boolean;
}

/** Where the one writable volume is; the container makes its work tree in it, so the host never sees one. */
export const workspaceDirectory = "/workspace";
const homeDirectory = "/home/agent";

const cpuPeriodMicroseconds = 100_000;
const tmpfsBytes = 1024 ** 3;

/**
 * The locked-down profile, docs/security.md: no network, no capability, no new privileges, read-only root, a fresh volume
 * for the work, and memory, processor, process and file limits. Pure.
 */
export function buildContainerOptions(spec: ContainerSpec): ContainerCreateOptions {
  const { uid, gid } = spec.user;
  const tmpfs = `rw,exec,nosuid,nodev,size=${tmpfsBytes}`;
  return {
    Image: spec.image,
    Entrypoint: [...spec.command],
    Cmd: [],
    User: `${uid}:${gid}`,
    WorkingDir: workspaceDirectory,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...spec.labels },
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: "none",
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      IpcMode: "private",
      PidsLimit: spec.limits.pids,
      Memory: spec.limits.memoryBytes,
      MemorySwap: spec.limits.memoryBytes,
      // A quota, not NanoCpus: the engine refuses NanoCpus above what the machine has.
      CpuPeriod: cpuPeriodMicroseconds,
      CpuQuota: Math.round(spec.limits.cpus * cpuPeriodMicroseconds),
      Ulimits: [
        { Name: "nofile", Soft: 16_384, Hard: 16_384 },
        { Name: "core", Soft: 0, Hard: 0 },
      ],
      Tmpfs: {
        "/tmp": `${tmpfs},mode=1777`,
        [homeDirectory]: `${tmpfs},mode=0700,uid=${uid},gid=${gid}`,
      },
      ...buildMounts(spec),
      // Output is read while it is written; a copy in the engine's log would only fill the disk.
      LogConfig: { Type: "none", Config: {} },
    },
  };
}

/** Only Binds can relabel, and only Mounts can name a source with a colon or refuse one that is missing. */
function buildMounts({ mounts, relabel }: ContainerSpec): Pick<HostConfig, "Mounts" | "Binds"> {
  const workspace = { Type: "volume" as const, Source: "", Target: workspaceDirectory };
  if (relabel) {
    return { Mounts: [workspace], Binds: mounts.map(({ source, target }) => `${source}:${target}:ro,z,rprivate`) };
  }
  const binds = mounts.map(({ source, target }) => ({
    Type: "bind" as const,
    Source: source,
    Target: target,
    ReadOnly: true,
    BindOptions: { Propagation: "rprivate" as const },
  }));
  return { Mounts: [workspace, ...binds] };
}
