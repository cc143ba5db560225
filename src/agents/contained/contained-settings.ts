import type { EngineSettings } from "../../container/engine-settings.ts";
import type { ImageRequest } from "../../container/image.ts";
import type { GatewayUpstream } from "../../gateway/gateway.ts";
import type { WarmAgent } from "./warm/open-warm-agent.ts";
import type { WarmKeyParts } from "./warm/warm-key.ts";

/** What every agent that runs in a container needs to know of its surroundings. */
export interface ContainedSettings {
  readonly engine: EngineSettings;
  readonly image: ImageRequest;
  /** Directory of the entry program, mounted read-only into the container. */
  readonly entryDirectory: string;
  readonly limits: { readonly cpus: number; readonly memoryBytes: number; readonly pids: number };
  readonly upstream: GatewayUpstream;
  /** Who the commits are by that are made for the agent. */
  readonly author: { readonly name: string; readonly email: string };
  readonly patience: Patience;
  /** What the branch is called inside, for whoever cannot know the run's own in time; undefined: as it is called outside. */
  readonly branchInside?: string | undefined;
  /** Agents that wait for a task. */
  readonly warm?: WarmAgents | undefined;
}

/** Agent CLIs that were started before there was a task for them. */
export interface WarmAgents {
  /** One that fits, and that nobody else gets; it is the caller's to dispose of. null: there is none. Never rejects. */
  take(request: WarmKeyParts, signal: AbortSignal): Promise<WarmAgent | null>;
}

/** How long the host waits, in milliseconds. */
export interface Patience {
  /** For the image to be found, pulled or built. */
  readonly imageMs: number;
  /** Without a sign of life from the agent CLI. */
  readonly idleMs: number;
  /** From the agent CLI's result until it must have ended. */
  readonly resultMs: number;
  /** From TERM to KILL. */
  readonly stopMs: number;
  /** For the work tree to be filled, and for the work to be brought out. */
  readonly transferMs: number;
  /** How long a container may take to end once its work is here; then it is removed as it is. */
  readonly endMs: number;
}

export const defaultPatience: Patience = {
  imageMs: 30 * 60_000,
  idleMs: 15 * 60_000,
  resultMs: 10_000,
  stopMs: 10_000,
  transferMs: 10 * 60_000,
  endMs: 5_000,
};
