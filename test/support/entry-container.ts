import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { buildContainerLabels } from "../../src/container/container-labels.ts";
import { createContainer } from "../../src/container/container.ts";
import type { Container } from "../../src/container/container.ts";
import { modelPort, orderFileName, writeOrder } from "../../src/container/container-order.ts";
import type { ContainerOrder } from "../../src/container/container-order.ts";
import { conversationTarget } from "../../src/container/launch-script.ts";
import type { Launch } from "../../src/container/launch-script.ts";
import { layOutWorkspace } from "../../src/agents/contained/lay-out-workspace.ts";
import { controlSocketName, openControl } from "../../src/container/control.ts";
import { parseMessage } from "../../src/container/container-message.ts";
import type { ContainerMessage } from "../../src/container/container-message.ts";
import type { Control } from "../../src/container/control.ts";
import { findEntryDirectory } from "../../src/container/package-directories.ts";
import { ensureImage } from "../../src/container/ensure-image.ts";
import { buildImageRequest } from "../../src/container/image-request.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { baseImage, never, openEngine } from "./engine.ts";
import { makeDirectory, makeRepository } from "./repository.ts";
import type { TestRepository } from "./repository.ts";

/** The entry program in a real container, with the host's end of its control channel in the hands of a test. */
export interface EntryContainer extends AsyncDisposable {
  readonly container: Container;
  readonly control: Control;
  readonly repository: TestRepository;
  readonly base: string;
  /** An order to run `command` in place of an agent CLI. */
  order(command: readonly string[], change?: Partial<EntryOrder>): EntryOrder;
  /** Starts the container with this order; the agent waits for its prompt. */
  begin(order: EntryOrder): Promise<void>;
  /** The same, and gives its agent the prompt. */
  start(order: EntryOrder, prompt: Uint8Array): Promise<void>;
  /** All messages until the last. */
  readMessages(): Promise<readonly ContainerMessage[]>;
}

/** What is in the order, and what is started. */
export type EntryOrder = ContainerOrder & Omit<Launch, "directory">;

export interface EntryOptions {
  /** Default: true. */
  readonly hasGateway?: boolean;
  /** Runs start.sh. Default: sh. */
  readonly shell?: string;
  /** What an earlier conversation has left; mounted. */
  readonly conversation?: string;
}

export async function openEntryContainer(options: EntryOptions = {}): Promise<EntryContainer> {
  const { hasGateway = true, shell = "sh", conversation } = options;
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await openEngine());
  const { AGENT_WORKER_CA_BUNDLE: caBundle, AGENT_WORKER_BUILD_NETWORK: buildNetwork } = process.env;
  const request = buildImageRequest({ image: undefined, baseImage, buildNetwork, caBundle }, process.env);
  const image = await ensureImage(engine, request, { signal: never, onProgress: () => undefined });
  const repository = stack.use(makeRepository({ "a.txt": "one\n" }));
  const directory = stack.use(makeDirectory("aw-entry-"));
  const sockets = join(directory.path, "run");
  mkdirSync(sockets, { mode: 0o755 });
  if (hasGateway) {
    const gateway = createServer((_request, response) => response.end("here"));
    await new Promise<void>((resolve) => {
      gateway.listen({ path: join(sockets, "gateway.sock"), readableAll: true, writableAll: true }, resolve);
    });
    stack.defer(() => void gateway.close());
  }
  const control = stack.use(await openControl(join(sockets, controlSocketName), never));
  const base = repository.git("rev-parse", "HEAD");
  const earlier = join(directory.path, "conversation");
  if (conversation !== undefined) writeFileSync(earlier, conversation);
  const container = stack.use(
    await createContainer(
      engine,
      {
        image: image.id,
        user: { uid: 1000, gid: 1000 },
        command: [shell, "/opt/agent-worker/entry/start.sh"],
        environment: { AGENT_WORKER_CONTAINER: "1" },
        labels: buildContainerLabels(createUlid()),
        mounts: [
          { source: findEntryDirectory(), target: "/opt/agent-worker/entry" },
          { source: sockets, target: "/opt/agent-worker/run" },
          { source: join(repository.path, ".git/objects"), target: "/opt/agent-worker/objects/0" },
          ...(conversation === undefined ? [] : [{ source: earlier, target: conversationTarget }]),
        ],
        relabel: false,
        limits: { cpus: 2, memoryBytes: 1024 ** 3, pids: 256 },
      },
      never,
    ),
  );
  const owned = stack.move();
  const begin = async ({ argv, environment, continued, ...order }: EntryOrder): Promise<void> => {
    writeOrder(join(sockets, orderFileName), order);
    const place = { runDirectory: sockets, objects: { count: 1, shallow: [] } };
    const launch = { argv, environment, continued };
    layOutWorkspace(place, order, { repository: { objectFormat: "sha1" }, branch: "work", launch });
    await container.start();
  };
  return {
    container,
    control,
    repository,
    base,
    order: (command, change = {}) => ({ ...buildOrder(base, command), ...change }),
    begin,
    async start(order, prompt) {
      await begin(order);
      await control.sendPrompt(prompt);
    },
    readMessages: () => collectAll(control.messages(parseMessage)),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

export async function collectAll<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function buildOrder(base: string, argv: readonly string[]): EntryOrder {
  return {
    mode: "run",
    directory: "project",
    base,
    modelPort,
    conversation: null,
    argv,
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin", PORT: String(modelPort) },
    continued: null,
    author: { name: 'An "author" \\ of', email: "author@localhost" },
    commitMessage: "Left over\n\nAgent-Worker-Run: X\n",
  };
}
