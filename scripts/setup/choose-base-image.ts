import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type Dockerode from "dockerode";

const registryImage = "node:24-bookworm-slim";
const ownImage = { repo: "agent-worker-base", tag: "bookworm-node24" };
const stampLabel = "agent-worker.base-stamp";
/** Node 24's own image holds an npm 11. */
const npmVersion = "11.21.2";
/** How long a registry may say nothing before it counts as not reachable. */
const silenceMs = 20_000;

/**
 * The base image to build on: undefined (the product's default) where it is here or can be pulled, else the name of
 * one made from Debian's packages, which is made once.
 */
export async function chooseBaseImage(docker: Dockerode, signal: AbortSignal): Promise<string | undefined> {
  const own = `${ownImage.repo}:${ownImage.tag}`;
  const stamp = buildStamp();
  if ((await readLabels(docker, registryImage)) !== undefined) return undefined;
  if ((await readLabels(docker, own))?.[stampLabel] === stamp) return own;
  if (await pullImage(docker, signal)) return undefined;
  await importOwnImage(docker, stamp);
  return own;
}

/** Changes when the image would come out differently. */
function buildStamp(): string {
  const recipe = readFileSync("scripts/setup/build-base-image.sh");
  return createHash("sha256").update(recipe).update(`${process.version} ${npmVersion} ${process.arch}`).digest("hex");
}

/** The labels of a local image; undefined where there is no such image. */
async function readLabels(docker: Dockerode, name: string): Promise<Record<string, string> | undefined> {
  try {
    return (await docker.getImage(name).inspect()).Config.Labels ?? {};
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

async function pullImage(docker: Dockerode, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`set-up: pulling ${registryImage}\n`);
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    const abortSignal = AbortSignal.any([signal, silence.signal]);
    const progress = await docker.pull(registryImage, { abortSignal });
    for await (const line of createInterface({ input: Readable.from(progress), signal: abortSignal })) {
      timer.refresh();
      // A failed pull answers 200 and tells of its failure in the stream.
      const message: { error?: string } = JSON.parse(line);
      if (message.error !== undefined) throw new Error(message.error);
    }
    return (await readLabels(docker, registryImage)) !== undefined;
  } catch (error) {
    signal.throwIfAborted();
    const reason = silence.signal.aborted ? "no answer" : error instanceof Error ? error.message : String(error);
    process.stderr.write(`set-up: no image registry is reachable (${reason})\n`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function importOwnImage(docker: Dockerode, stamp: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "agent-worker-base-"));
  try {
    const archive = join(directory, "image.tar");
    const script = ["scripts/setup/build-base-image.sh", archive, process.version.slice(1), npmVersion];
    execFileSync("bash", script, { stdio: ["ignore", 2, 2] });
    const changes = ['CMD ["node"]', `ENV NODE_VERSION=${process.version.slice(1)}`, `LABEL ${stampLabel}=${stamp}`];
    const progress = await docker.importImage(archive, { ...ownImage, changes: changes.join("\n") });
    for await (const line of createInterface({ input: Readable.from(progress) })) {
      const message: { error?: string } = JSON.parse(line);
      if (message.error !== undefined) throw new Error(`The engine refused the base image: ${message.error}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
