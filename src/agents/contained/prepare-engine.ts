import { connectEngine } from "../../container/engine.ts";
import type { Engine } from "../../container/engine.ts";
import { lookUpImage } from "../../container/image.ts";
import type { Image } from "../../container/image.ts";
import type { ContainedSettings } from "./contained-settings.ts";

/** An engine that is being connected to, and the image if it has it. Both may reject; whoever awaits them hears of it. */
export interface PreparedEngine {
  readonly engine: Promise<Engine>;
  readonly image: Promise<Image | undefined>;
}

/** The engine is asked and nothing else; what it must do first (a pull, a build) is for the run. */
export function prepareEngine(settings: ContainedSettings, signal: AbortSignal): PreparedEngine {
  const engine = connectEngine(settings.engine, signal);
  const image = engine.then((connected) => lookUpImage(connected, settings.image, signal));
  engine.catch(() => undefined);
  image.catch(() => undefined);
  return { engine, image };
}
