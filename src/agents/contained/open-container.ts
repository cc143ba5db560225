import { chmodSync, mkdirSync } from "node:fs";
import { chmod, copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildContainerLabels } from "../../container/container-labels.ts";
import type { ContainerOrder } from "../../container/container-order.ts";
import type { ContainerSpec } from "../../container/container-profile.ts";
import { createContainer } from "../../container/container.ts";
import type { Container } from "../../container/container.ts";
import { controlSocketName, openControl } from "../../container/control.ts";
import type { Control } from "../../container/control.ts";
import type { Engine } from "../../container/engine.ts";
import { conversationTarget } from "../../container/launch-script.ts";
import { readHostMapping } from "../../container/host-mapping.ts";
import type { HostMapping } from "../../container/host-mapping.ts";
import { WorkerError } from "../../core/worker-error.ts";
import type { EgressRecord } from "../../gateway/egress-record.ts";
import { openGateway } from "../../gateway/gateway.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Repository } from "../../git/repository.ts";
import { openDisposables } from "../../util/disposables.ts";
import type { AgentCommand } from "./agent-cli.ts";
import type { ContainedSettings } from "./contained-settings.ts";
import { chooseContainerUser, readCaller } from "./container-user.ts";
import type { ContainerUser } from "./container-user.ts";
import { prepareObjects } from "./prepare-objects.ts";
import type { ObjectSource } from "./prepare-objects.ts";

/** A container that is made and not started, and all that talks to it. Disposing leaves nothing of it. */
export interface OpenedContainer extends ContainerPlace, AsyncDisposable {
  readonly container: Container;
  readonly control: Control;
  readonly gateway: Gateway;
  readonly imageId: string;
  /** What it will do when it is started. */
  readonly given: GivenOrder;
}

export interface ContainerPlace {
  /** What the container has mounted: the sockets and the order. */
  readonly runDirectory: string;
  readonly objects: ObjectSource;
}

export interface GivenOrder {
  readonly order: ContainerOrder;
  readonly command: AgentCommand;
}

export interface ContainerGround {
  readonly settings: ContainedSettings;
  readonly mapping: Promise<HostMapping>;
  readonly repository: Repository;
  /** No container is made before it is known. */
  readonly base: Promise<string>;
  readonly runtimeDirectory: string;
  readonly scratchDirectory: string;
  /** Named in the container's labels. */
  readonly runId: string;
  /** The image's id; asked for as late as can be. */
  readonly findImage: () => Promise<string>;
  /** A conversation that is put back. */
  readonly conversationFile: string | undefined;
  /** One request through the gateway. */
  readonly audit: (record: EgressRecord) => void;
  /** Writes the order down; called while the engine makes the container. */
  readonly giveOrder: (place: ContainerPlace) => Promise<GivenOrder>;
  /** While false the gateway lets nothing through. */
  readonly isOpen?: () => boolean;
}

/** Asks the engine what a container will be on this machine; throws where it is another machine's. */
export function readMapping(engine: Engine, signal: AbortSignal): Promise<HostMapping> {
  if (engine.isRemote) throw toRemoteError(engine.endpoint);
  const mapping = readHostMapping(engine, readCaller().uid, signal);
  mapping.catch(() => undefined);
  return mapping;
}

export async function openContainer(
  engine: Engine,
  ground: ContainerGround,
  signal: AbortSignal,
): Promise<OpenedContainer> {
  const { settings, repository, base, scratchDirectory, audit, isOpen } = ground;
  const runDirectory = makeRunDirectory(ground.runtimeDirectory);
  const { shiftsIds, needsLabels: relabel } = await ground.mapping;
  const user = chooseContainerUser(readCaller(), { shiftsIds });
  const directory = join(scratchDirectory, "objects");
  const [objects, conversation] = await Promise.all([
    prepareObjects({ repository, base, isCaller: user.isCaller, relabel, directory, signal }),
    layOutConversation(ground),
  ]);
  const imageId = await ground.findImage();
  await base;
  const mounts = [{ source: runDirectory, target: "/opt/agent-worker/run" }, ...objects.mounts, ...conversation];
  const spec = buildSpec(ground, { image: imageId, user, relabel, mounts });
  await using opening = openDisposables();
  const creating = createContainer(engine, spec, signal);
  opening.use(own(creating));
  const socketPath = join(runDirectory, "gateway.sock");
  const gateway = opening.use(
    await openGateway({ socketPath, upstream: settings.upstream, audit, ...(isOpen === undefined ? {} : { isOpen }) }),
  );
  const control = opening.use(await openControl(join(runDirectory, controlSocketName), signal));
  const given = await ground.giveOrder({ runDirectory, objects });
  const container = await creating;
  const opened = opening.move();
  return {
    container,
    control,
    gateway,
    runDirectory,
    objects,
    imageId,
    given,
    async [Symbol.asyncDispose]() {
      // What is mounted stays there for the container until it is gone.
      await Promise.all([
        opened[Symbol.asyncDispose](),
        rm(runDirectory, { recursive: true, force: true, maxRetries: 3 }),
      ]);
    },
  };
}

/** Disposes of what is still being made, also where what comes meanwhile goes wrong. */
function own(making: Promise<AsyncDisposable>): AsyncDisposable {
  making.catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      const [made] = await Promise.allSettled([making]);
      if (made.status === "fulfilled") await made.value[Symbol.asyncDispose]();
    },
  };
}

/** The container's user comes through here, whatever the caller's umask is. */
function makeRunDirectory(runtimeDirectory: string): string {
  const directory = join(runtimeDirectory, "run");
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  return directory;
}

/** A copy of its own, which the container's user may read; what is above stays private. */
async function layOutConversation({
  conversationFile,
  scratchDirectory,
}: ContainerGround): Promise<ContainerSpec["mounts"]> {
  if (conversationFile === undefined) return [];
  const copy = join(scratchDirectory, "conversation");
  await copyFile(conversationFile, copy).catch((cause: unknown) => {
    throw new WorkerError("SESSION_UNKNOWN", "The conversation that is to be continued is not there any more.", {
      cause,
    });
  });
  await chmod(copy, 0o644);
  return [{ source: copy, target: conversationTarget }];
}

interface SpecParts {
  readonly image: string;
  readonly user: ContainerUser;
  readonly relabel: boolean;
  readonly mounts: ContainerSpec["mounts"];
}

function buildSpec({ settings, runId }: ContainerGround, { image, user, relabel, mounts }: SpecParts): ContainerSpec {
  return {
    image,
    user,
    relabel,
    command: ["sh", "/opt/agent-worker/entry/start.sh"],
    environment: { AGENT_WORKER_CONTAINER: "1" },
    labels: buildContainerLabels(runId),
    mounts: [{ source: settings.entryDirectory, target: "/opt/agent-worker/entry" }, ...mounts],
    limits: settings.limits,
  };
}

function toRemoteError(endpoint: string): WorkerError {
  return new WorkerError("ENGINE_REMOTE", `The engine at ${endpoint} is on another machine.`, {
    hint: "Directories and sockets cannot be shared with it: use an engine on this machine.",
  });
}
