import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";

/** The package's `docker/`, which holds the Dockerfile. */
export function findDockerDirectory(): string {
  return findInPackage("docker", "Dockerfile");
}

/** Holds the bundled program that runs inside the container. */
export function findEntryDirectory(): string {
  return findInPackage("dist/entry", "main.cjs");
}

/** Above this module, which is bundled into different depths of `dist/`. */
function findInPackage(name: string, file: string): string {
  for (let directory = import.meta.dirname; ; directory = dirname(directory)) {
    const candidate = join(directory, name);
    if (existsSync(join(candidate, file))) return candidate;
    if (directory === dirname(directory)) {
      throw new WorkerError("IMAGE_BUILD", `The package's directory ${name} is missing.`, {
        hint: "Install agent-worker again (in a clone: npm run build).",
      });
    }
  }
}
