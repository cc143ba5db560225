import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { parseJson } from "../util/parse-json.ts";
import { readField, readText } from "../util/read-field.ts";
import { parseEngineAddress } from "./engine-address.ts";
import type { EngineAddress } from "./engine-address.ts";

/**
 * The name of the context `docker context use` selected; undefined where there is none or it is `default`.
 * A damaged config.json is the docker CLI's trouble, not ours: it counts as none.
 */
export function readCurrentContext(configDirectory: string): string | undefined {
  const name = readText(parseJson(tryRead(join(configDirectory, "config.json")) ?? "{}"), "currentContext");
  return name === undefined || name === "" || name === "default" ? undefined : name;
}

/** @throws WorkerError ENGINE_UNAVAILABLE where the context does not exist or cannot be read. */
export function readContextAddress(configDirectory: string, name: string): EngineAddress {
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(configDirectory, "contexts", "meta", id, "meta.json");
  const text = tryRead(file);
  if (text === undefined) {
    throw new WorkerError("ENGINE_UNAVAILABLE", `The Docker context "${name}" does not exist (no ${file}).`, {
      hint: "List contexts with `docker context ls`, choose one with `docker context use NAME`, or unset DOCKER_CONTEXT.",
    });
  }
  const host = readHost(parseJson(text));
  if (host === undefined || host === "") {
    throw new WorkerError("ENGINE_UNAVAILABLE", `The Docker context "${name}" names no engine (${file}).`, {
      hint: "Choose another one with `docker context use NAME`.",
    });
  }
  const tls = join(configDirectory, "contexts", "tls", id, "docker");
  return parseEngineAddress(host, existsSync(tls) ? { directory: tls } : undefined);
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Of `contexts/meta/<sha256 of the name>/meta.json` of the docker CLI. */
function readHost(meta: unknown): string | undefined {
  return readText(readField(readField(meta, "Endpoints"), "docker"), "Host");
}
