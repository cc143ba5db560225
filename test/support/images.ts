import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../src/container/engine.ts";
import { ensureImage } from "../../src/container/ensure-image.ts";
import type { Image, ImageRequest } from "../../src/container/image.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { baseImage, never, openEngine } from "./engine.ts";

export interface ImageWorkshop extends AsyncDisposable {
  readonly engine: Engine;
  /** A new temporary directory, removed in the end. */
  temporary(): string;
  /** For an image that nobody else builds: `steps` after a base and a label `unique=...` that its build containers have. */
  request(...steps: readonly string[]): UniqueRequest;
  ensure(wanted: ImageRequest, signal?: AbortSignal): Promise<{ image: Image; progress: readonly string[] }>;
}

export interface UniqueRequest extends ImageRequest {
  readonly label: string;
}

/** The real engine, and images built there that are removed in the end. */
export async function openImageWorkshop(): Promise<ImageWorkshop> {
  const engine = await openEngine();
  const directories: string[] = [];
  const references = new Set<string>();
  const labels: string[] = [];
  const temporary = (): string => {
    const directory = mkdtempSync(join(tmpdir(), "agent-worker-test-"));
    directories.push(directory);
    return directory;
  };
  return {
    engine,
    temporary,
    request(...steps) {
      const dockerDirectory = temporary();
      const label = `unique=${createUlid()}`;
      labels.push(label);
      const lines = ["ARG BASE_IMAGE", "FROM ${BASE_IMAGE}", "COPY ca-bundle.pem /", `LABEL ${label}`, ...steps];
      writeFileSync(join(dockerDirectory, "Dockerfile"), `${lines.join("\n")}\n`);
      return { baseImage, dockerDirectory, buildNetwork: "none", label };
    },
    async ensure(wanted, signal = never) {
      const progress: string[] = [];
      const image = await ensureImage(engine, wanted, { signal, onProgress: (text) => progress.push(text) });
      references.add(image.reference);
      return { image, progress };
    },
    async [Symbol.asyncDispose]() {
      const removals = [...references].map((name) => engine.docker.getImage(name).remove());
      await Promise.allSettled(removals);
      await Promise.all(labels.map((label) => removeLeftovers(engine, label)));
      for (const directory of directories) rmSync(directory, { recursive: true });
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** What failed builds leave: untagged images of the steps that went well, the engine's cache. */
async function removeLeftovers(engine: Engine, label: string): Promise<void> {
  const images = await engine.docker.listImages({ filters: { label: [label] } });
  await Promise.all(images.map(({ Id }) => engine.docker.getImage(Id).remove({ force: true })));
}
