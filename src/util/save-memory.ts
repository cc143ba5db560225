import { setFlagsFromString } from "node:v8";

/**
 * From here on V8 keeps its young generation as small as it is, instead of letting it grow to several times of what is
 * alive: 60 MB less for a process that turns over gigabytes. A number that V8 reads whenever it might grow. Not from the
 * start: with other flags V8 does not accept compiled code from its cache.
 */
export function saveMemory(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--incremental-marking");
}

/**
 * Until `saveMemory` is called V8 collects in one go when it must, instead of in steps beforehand: a short run has ended by then. Saves
 * each 10 ms of its main thread, and more of its helpers'. Not from the start, as above.
 */
export function saveTime(): void {
  setFlagsFromString("--no-incremental-marking");
}
