import { connectEngine } from "../container/engine.ts";
import type { EngineSettings } from "../container/engine-settings.ts";
import { findImage, readImageTag } from "../container/image.ts";
import type { ImageRequest } from "../container/image.ts";
import type { Health } from "../protocol/server-info.ts";

type AgentCli = Health["agentCli"];

export interface ProbeSettings {
  /** Of the agent. */
  readonly name: string;
  readonly engine: EngineSettings;
  readonly image: ImageRequest;
}

const keptMs = 15_000;
const patienceMs = 5_000;

/** Whether the engine answers and which agent CLI its image holds: asked when somebody wants to know, four times a minute at most. */
export function createAgentProbe(settings: ProbeSettings): () => Promise<AgentCli> {
  let last: { readonly at: number; readonly answer: Promise<AgentCli> } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at > keptMs) last = { at: now, answer: probe(settings) };
    return last.answer;
  };
}

async function probe({ name, engine, image }: ProbeSettings): Promise<AgentCli> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    await using connection = await connectEngine(engine, signal);
    const reference = image.reference ?? readImageTag(image).reference;
    const found = await findImage(connection, reference, signal);
    return { name, version: found?.claudeCodeVersion ?? null, engine: "ok" };
  } catch {
    return { name, version: null, engine: "unavailable" };
  }
}
