import type Dockerode from "dockerode";
import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";
import { callEngine } from "./engine-error.ts";
import { hasOption } from "./engine-security.ts";
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

const infoSchema = z.object({
  SecurityOptions: z
    .array(z.string())
    .nullish()
    .transform((options) => options ?? []),
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
