import type Dockerode from "dockerode";
import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";
import { callEngine } from "./engine-error.ts";
import { getJson } from "./get-json.ts";

export interface EngineInfo {
  readonly kind: "docker" | "podman" | "desktop";
  readonly version: string;
  readonly apiVersion: string;
  /** Container root is the user who runs the engine. */
  readonly rootless: boolean;
  readonly cgroupVersion: 1 | 2;
  /** Where it keeps images and containers, on its own machine. */
  readonly rootDirectory: string;
}

/** `["name=seccomp,profile=default", "name=rootless"]` */
const securitySchema = z.object({
  SecurityOptions: z
    .array(z.string())
    .nullish()
    .transform((options) => options ?? []),
});

const infoSchema = securitySchema.extend({
  OperatingSystem: z.string().default(""),
  CgroupVersion: z.string().default("1"),
  DockerRootDir: z.string().default(""),
});

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: z
    .array(z.object({ Name: z.string() }))
    .nullish()
    .transform((components) => components ?? []),
});

const timeoutMs = 15_000;

/** @throws WorkerError ENGINE_UNAVAILABLE, or ENGINE_FAILED where it answers something else than an engine does. */
export async function readEngineInfo(docker: Dockerode, signal: AbortSignal): Promise<EngineInfo> {
  const [rawInfo, rawVersion] = await callEngine("tell about itself", { signal, timeoutMs }, (abortSignal) =>
    Promise.all([getJson(docker, "/info", abortSignal), getJson(docker, "/version", abortSignal)]),
  );
  const info = infoSchema.safeParse(rawInfo);
  const version = versionSchema.safeParse(rawVersion);
  if (!info.success || !version.success) {
    throw new WorkerError("ENGINE_FAILED", "What answers at the engine's address is not a container engine.", {
      hint: "Look at DOCKER_HOST and at `docker context ls`.",
      cause: info.error ?? version.error,
    });
  }
  return buildInfo(info.data, version.data);
}

/** What keeps its containers apart from this machine, with one question less than all it says of itself. */
export interface EngineSecurity {
  readonly rootless: boolean;
  /** Container ids are shifted (`userns-remap`). */
  readonly userNamespaces: boolean;
  /** Bind mounts need the `z` option. */
  readonly selinux: boolean;
}

/** @throws WorkerError ENGINE_UNAVAILABLE, ENGINE_FAILED */
export async function readEngineSecurity(docker: Dockerode, signal: AbortSignal): Promise<EngineSecurity> {
  const answer = await callEngine("tell about itself", { signal, timeoutMs }, (abortSignal) =>
    getJson(docker, "/info", abortSignal),
  );
  const options = securitySchema.safeParse(answer).data?.SecurityOptions ?? [];
  return {
    rootless: hasOption(options, "rootless"),
    userNamespaces: hasOption(options, "userns"),
    selinux: hasOption(options, "selinux"),
  };
}

function hasOption(options: readonly string[], name: string): boolean {
  return options.some((text) => text.split(",").includes(`name=${name}`));
}

function buildInfo(info: z.infer<typeof infoSchema>, version: z.infer<typeof versionSchema>): EngineInfo {
  return {
    kind: readKind(info.OperatingSystem, version.Components),
    version: version.Version,
    apiVersion: version.ApiVersion,
    rootless: hasOption(info.SecurityOptions, "rootless"),
    cgroupVersion: info.CgroupVersion === "2" ? 2 : 1,
    rootDirectory: info.DockerRootDir,
  };
}

function readKind(operatingSystem: string, components: readonly { Name: string }[]): EngineInfo["kind"] {
  if (components.some(({ Name }) => /podman/i.test(Name))) return "podman";
  return operatingSystem.startsWith("Docker Desktop") ? "desktop" : "docker";
}
