import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";

/** The package's `docker/`: above this module, which is bundled into different depths of `dist/`. */
export function findDockerDirectory(): string {
  for (let directory = import.meta.dirname; ; directory = dirname(directory)) {
    const candidate = join(directory, "docker");
    if (existsSync(join(candidate, "Dockerfile"))) return candidate;
    if (directory === dirname(directory)) {
      throw new WorkerError("IMAGE_BUILD", "The package's docker directory is missing.", {
        hint: "Install agent-worker again.",
      });
    }
  }
}
