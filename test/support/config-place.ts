import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import type { ConfigSources, LoadedConfig } from "../../src/config/load-config.ts";
import { toWorkerError } from "../../src/core/worker-error.ts";

export type Given = Partial<Omit<ConfigSources, "flags">> & { flags?: Record<string, string[]> };

export interface ConfigPlace extends AsyncDisposable {
  /** HOME; XDG_CONFIG_HOME is `xdg` in it. */
  readonly root: string;
  /** The working directory: a work tree. */
  readonly project: string;
  readonly load: (given?: Given) => Promise<LoadedConfig>;
  /** The message of the CONFIG_INVALID that loading ends with. */
  readonly loadProblems: (given?: Given) => Promise<string>;
  readonly writeProject: (text: string | Uint8Array) => Promise<void>;
  readonly writeGlobal: (text: string) => Promise<void>;
  readonly writeEnv: (text: string) => Promise<void>;
}

/** A temporary home and work tree to load a configuration in. */
export async function openConfigPlace(): Promise<ConfigPlace> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "config-")));
  const project = join(root, "project");
  await mkdir(join(project, ".git"), { recursive: true });
  await mkdir(join(root, "xdg/agent-worker"), { recursive: true });
  const load = ({ flags = {}, environment = {}, ...rest }: Given = {}) =>
    loadConfig({
      flags: new Map(Object.entries(flags)),
      environment: { HOME: root, XDG_CONFIG_HOME: join(root, "xdg"), ...environment },
      workingDirectory: project,
      ...rest,
    });
  return {
    root,
    project,
    load,
    loadProblems: async (given) => {
      const error = await load(given).then(() => undefined, toWorkerError);
      if (error?.code !== "CONFIG_INVALID")
        throw new Error(`loading ended with ${error?.message ?? "a configuration"}`);
      return error.message;
    },
    writeProject: (text) => writeFile(join(project, ".agent-worker.yaml"), text),
    writeGlobal: (text) => writeFile(join(root, "xdg/agent-worker/config.yaml"), text),
    writeEnv: (text) => writeFile(join(project, ".env"), text),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}
