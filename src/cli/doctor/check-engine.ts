import type { Config } from "../../config/config.ts";
import { connectEngine } from "../../container/engine.ts";
import type { Engine } from "../../container/engine.ts";
import type { EngineInfo } from "../../container/engine-info.ts";
import { buildEngineSettings } from "../../container/engine-settings.ts";
import { findImage, readImageTag } from "../../container/image.ts";
import { buildImageRequest } from "../../container/image-request.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import { formatElapsed } from "../../report/format-figures.ts";
import { quoteForShell } from "../../util/printable.ts";
import type { CliContext } from "../context.ts";
import { checkFreeSpace } from "./check-directories.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** The engine, the image in it and the space it has. */
export async function checkEngine(config: Config, context: CliContext): Promise<readonly Finding[]> {
  try {
    await using engine = await connectEngine(buildEngineSettings(config), context.signal);
    const [info, image] = await Promise.all([engine.info(), checkImage(engine, { config, context })]);
    return [describeEngine(engine, info), image, ...(await checkEngineDisk(engine, info))];
  } catch (error) {
    return [toFailure("engine", error)];
  }
}

function describeEngine(engine: Engine, info: EngineInfo): Finding {
  const name = { docker: "Docker", podman: "Podman", desktop: "Docker Desktop" }[info.kind];
  const skipped = engine.refused.map(({ endpoint, reason }) => `${endpoint}: ${reason}`).join("; ");
  const traits = [`API ${info.apiVersion}`, info.rootless ? "rootless" : "", `cgroup v${info.cgroupVersion}`];
  const facts = [...traits.filter((trait) => trait !== ""), ...(skipped === "" ? [] : [`passed over ${skipped}`])];
  const text = `${name} ${info.version} at ${engine.endpoint} (${facts.join(", ")})`;
  if (!engine.isRemote) return ok("engine", text);
  return fail(
    "engine",
    `${text} is another machine: it cannot see this one's files`,
    "unset DOCKER_HOST DOCKER_CONTEXT",
  );
}

async function checkImage(engine: Engine, { config, context }: { config: Config; context: CliContext }) {
  try {
    const request = buildImageRequest(config.container, context.environment);
    const reference = request.reference ?? readImageTag(request).reference;
    const image = await findImage(engine, reference, context.signal);
    if (image !== undefined) {
      const age = formatElapsed(Math.max(0, Date.now() - Date.parse(image.createdAt)));
      return ok("image", `${reference} with Claude Code ${image.claudeCodeVersion ?? "unknown"}, built ${age} ago`);
    }
    if (request.reference !== undefined) {
      return warn("image", `${reference} is not here; a run would pull it`, `docker pull ${quoteForShell(reference)}`);
    }
    return ok("image", `${reference} is not there yet; the first run builds it`, "agent-worker image build");
  } catch (error) {
    return toFailure("image", error);
  }
}

async function checkEngineDisk(engine: Engine, { rootDirectory, kind }: EngineInfo): Promise<readonly Finding[]> {
  // In a virtual machine the directory is on a disk that is not seen from here.
  if (engine.isRemote || kind === "desktop" || rootDirectory === "") return [];
  const finding = await checkFreeSpace("engine disk", rootDirectory, "agent-worker image prune; docker system df");
  return finding === undefined ? [] : [finding];
}

function toFailure(name: string, error: unknown): Finding {
  const { message, hint } = toWorkerError(error);
  return fail(name, message, hint);
}
