import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";
import { parseJson } from "../util/parse-json.ts";
import { parseEngineAddress } from "./engine-address.ts";
import type { EngineAddress } from "./engine-address.ts";

/** The part of `<DOCKER_CONFIG>/config.json` that names the context in use. */
const configSchema = z.object({ currentContext: z.string().optional() });

/** `contexts/meta/<sha256 of the name>/meta.json` of the docker CLI. */
const metaSchema = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string().min(1) }) }) });

/**
 * The name of the context `docker context use` selected; undefined where there is none or it is `default`.
 * A damaged config.json is the docker CLI's trouble, not ours: it counts as none.
 */
export async function readCurrentContext(configDirectory: string): Promise<string | undefined> {
  const text = await readFile(join(configDirectory, "config.json"), "utf8").catch(() => "{}");
  const config = configSchema.safeParse(parseJson(text));
  const name = config.data?.currentContext;
  return name === undefined || name === "" || name === "default" ? undefined : name;
}

/** @throws WorkerError ENGINE_UNAVAILABLE where the context does not exist or cannot be read. */
export async function readContextAddress(configDirectory: string, name: string): Promise<EngineAddress> {
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(configDirectory, "contexts", "meta", id, "meta.json");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new WorkerError("ENGINE_UNAVAILABLE", `The Docker context "${name}" does not exist (no ${file}).`, {
      hint: "List contexts with `docker context ls`, choose one with `docker context use NAME`, or unset DOCKER_CONTEXT.",
      cause: error,
    });
  });
  const meta = metaSchema.safeParse(parseJson(text));
  if (!meta.success) {
    throw new WorkerError("ENGINE_UNAVAILABLE", `The Docker context "${name}" names no engine (${file}).`, {
      hint: "Choose another one with `docker context use NAME`.",
    });
  }
  const tls = join(configDirectory, "contexts", "tls", id, "docker");
  return parseEngineAddress(meta.data.Endpoints.docker.Host, existsSync(tls) ? { directory: tls } : undefined);
}
