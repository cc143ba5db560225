import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { buildContext } from "../../src/container/build-context.ts";
import { ensureImage } from "../../src/container/ensure-image.ts";
import { buildImageRequest } from "../../src/container/image-request.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { baseImage, never, openEngine } from "./engine.ts";
import type { FileContent, TestRepository } from "./repository.ts";
import { snapshotCheckout } from "./snapshot-checkout.ts";
import { createWorld, listLeftovers } from "./world.ts";
import type { CommandResult, World } from "./world.ts";

/** What test/fixtures/bin/claude does, in order; at the end of its steps it ends with exit code 0. */
export type Step =
  /** Lines of stream-json; the fields given win. */
  | { readonly init: Record<string, unknown> }
  | { readonly say: string }
  | { readonly result: Record<string, unknown> }
  /** Bytes on stdout or stderr, as often as asked. */
  | { readonly print: string; readonly times?: number }
  | { readonly printBase64: string; readonly times?: number }
  | { readonly printError: string; readonly times?: number }
  /** Programs run in the work tree, to their end; what they print is lost. */
  | { readonly shell: string }
  | { readonly node: string }
  /** Writes the SHA-256 of the prompt into this file. */
  | { readonly hashPrompt: string }
  | { readonly ignore: NodeJS.Signals }
  /** Ways to end. */
  | { readonly signal: NodeJS.Signals }
  | { readonly hang: true }
  | { readonly exit: number };

export interface PlayOptions {
  readonly files?: Readonly<Record<string, FileContent>>;
  readonly argv?: readonly string[];
  /** Changes the repository or its surroundings before the run. */
  readonly prepare?: (world: World) => void;
  /** Called as soon as the run has ended, before anything else looks at the repository. */
  readonly inspect?: () => void;
}

/** A run of the built program with the imitation, and what it has left. */
export interface Played extends CommandResult, AsyncDisposable {
  readonly report: RunReport;
  readonly repository: TestRepository;
  readonly world: World;
  /** Whether everything of the checkout is as it was, see snapshotCheckout. */
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  /** Sockets, temporary directories and containers that should not be there. */
  readonly leftovers: readonly string[];
  /** Codes of the report's warnings, sorted. */
  readonly warnings: readonly string[];
  /** The content of a file on the branch. */
  show(path: string): string;
  /** All paths on the branch. */
  list(): readonly string[];
}

export interface Imitation extends AsyncDisposable {
  readonly reference: string;
  /** Runs one task on a new repository; the branch is `work`. */
  play(steps: readonly Step[], options?: PlayOptions): Promise<Played>;
}

/** The steps of an agent that does something and ends well. */
export function working(...steps: readonly Step[]): readonly Step[] {
  return [{ init: {} }, { say: "At work." }, ...steps, { result: {} }];
}

/** The prompt that makes the imitation take these steps. */
export function buildImitationPrompt(steps: readonly Step[]): string {
  return `Imitate an agent\n${JSON.stringify(steps)}`;
}

const image = "agent-worker-imitation";

/** The product's image with another `claude` first in PATH; removed again in the end. */
export async function openImitation(): Promise<Imitation> {
  const engine = await openEngine();
  const { AGENT_WORKER_CA_BUNDLE: caBundle, AGENT_WORKER_BUILD_NETWORK: buildNetwork } = process.env;
  const request = buildImageRequest({ image: undefined, baseImage, buildNetwork, caBundle }, process.env);
  const { reference: product } = await ensureImage(engine, request, { signal: never, onProgress: () => undefined });
  const reference = `${image}:${createUlid().toLowerCase()}`;
  // The label first: no layer is shared with another test's image, which may be removed at any time.
  const dockerfile = `FROM ${product}\nLABEL unique=${reference}\nCOPY claude /usr/local/sbin/claude\nUSER root\nRUN chmod 755 /usr/local/sbin/claude\nUSER agent\n`;
  const context = buildContext([
    { name: "Dockerfile", data: Buffer.from(dockerfile) },
    { name: "claude", data: await readFile(new URL("../fixtures/bin/claude", import.meta.url)) },
  ]);
  const options = { t: reference, networkmode: "none", forcerm: true };
  const failures = await readFailures(await engine.docker.buildImage(Readable.from([context]), options));
  if (failures !== "") throw new Error(`the imitation's image could not be built: ${failures}`);
  return {
    reference,
    play: (steps, options) => play(reference, steps, options),
    async [Symbol.asyncDispose]() {
      await engine.docker.getImage(reference).remove({ force: true });
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function readFailures(progress: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of progress) text += chunk.toString();
  return text
    .split("\r\n")
    .filter((line) => line.includes('"error"'))
    .join("\n");
}

async function play(reference: string, steps: readonly Step[], options: PlayOptions = {}): Promise<Played> {
  const world = await createWorld({ scenario: "no-changes", ...(options.files && { files: options.files }) });
  const { repository } = world;
  try {
    options.prepare?.(world);
    const before = snapshotCheckout(repository.path);
    const argv = ["--task-file", "-", "--branch", "work", "--image", reference, ...(options.argv ?? [])];
    const result = await world.runTask(argv, { stdin: buildImitationPrompt(steps) });
    options.inspect?.();
    const after = snapshotCheckout(repository.path);
    return {
      ...result,
      world,
      repository,
      before,
      after,
      leftovers: [...listLeftovers(world), ...(await listContainers(result.report.runId))],
      warnings: result.report.warnings.map(({ code }) => code).toSorted(),
      show: (path) => repository.git("show", `work:${path}`),
      list: () => repository.git("ls-tree", "-r", "-z", "--name-only", "work").split("\0").slice(0, -1),
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

async function listContainers(runId: string): Promise<readonly string[]> {
  await using engine = await openEngine();
  const found = await engine.docker.listContainers({ all: true, filters: { label: [`agent-worker.run=${runId}`] } });
  return found.map(({ Id }) => Id);
}
