import type Dockerode from "dockerode";
import { readField } from "../util/read-field.ts";
import { callEngine } from "./engine-error.ts";
import { getJson } from "./get-json.ts";

/** What keeps its containers apart from this machine, with one question less than all it says of itself. */
export interface EngineSecurity {
  readonly rootless: boolean;
  /** Container ids are shifted (`userns-remap`). */
  readonly userNamespaces: boolean;
  /** Bind mounts need the `z` option. */
  readonly selinux: boolean;
}

const timeoutMs = 15_000;

/** @throws WorkerError ENGINE_UNAVAILABLE, ENGINE_FAILED */
export async function readEngineSecurity(docker: Dockerode, signal: AbortSignal): Promise<EngineSecurity> {
  const answer = await callEngine("tell about itself", { signal, timeoutMs }, (abortSignal) =>
    getJson(docker, "/info", abortSignal),
  );
  const options = readOptions(answer);
  return {
    rootless: hasOption(options, "rootless"),
    userNamespaces: hasOption(options, "userns"),
    selinux: hasOption(options, "selinux"),
  };
}

/** `["name=seccomp,profile=default", "name=rootless"]` */
export function hasOption(options: readonly string[], name: string): boolean {
  return options.some((text) => text.split(",").includes(`name=${name}`));
}

function readOptions(answer: unknown): readonly string[] {
  const options = readField(answer, "SecurityOptions");
  return Array.isArray(options) && options.every((option) => typeof option === "string") ? options : [];
}
