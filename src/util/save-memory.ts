import { setFlagsFromString } from "node:v8";

/**
 * From here on V8 keeps its young generation as small as it is, instead of letting it grow to several times of what is
 * alive: 60 MB less for a process that turns over gigabytes. A number that V8 reads whenever it might grow. Not from the
 * start: with other flags V8 does not accept compiled code from its cache.
 */
export function saveMemory(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
