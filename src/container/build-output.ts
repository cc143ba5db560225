import { stripVTControlCharacters } from "node:util";
import { toPrintable } from "../util/printable.ts";
import { describePull } from "./image-events.ts";
import type { ImageEvent } from "./image-events.ts";

/** What a build has printed so far, as far as a person needs it. */
export interface BuildOutput {
  /** The line of the step at work, `Step 4/9 : RUN ...`, cut; undefined before the first. */
  readonly step: string | undefined;
  /** The last lines that step printed. */
  readonly tail: readonly string[];
}

const tailLines = 20;
const maxLineLength = 400;
const maxStepLength = 100;

/**
 * Collects a build's output. `add` gives a line worth showing as progress (a step, a state of a pull), if there is one.
 */
export function collectBuildOutput(): { readonly output: BuildOutput; add(event: ImageEvent): string | undefined } {
  const tail: string[] = [];
  let step: string | undefined;
  let partial = "";
  return {
    get output() {
      const open = toText(partial);
      return { step, tail: open === "" ? tail : [...tail, open] };
    },
    add(event) {
      const lines = (partial + (event.stream ?? "")).split("\n");
      partial = cutPartial(lines.pop() ?? "");
      let shown = describePull(event);
      for (const line of lines) {
        const isStep = /^Step \d+\/\d+ : /.test(line);
        if (isStep) {
          step = shortenStep(line);
          tail.length = 0;
          shown = step;
        } else if (toText(line) !== "") {
          tail.push(toText(line));
          if (tail.length > tailLines) tail.shift();
        }
      }
      return shown;
    },
  };
}

/** A command that prints megabytes without a newline must not pile up. A step is known by its start, output by its end. */
function cutPartial(text: string): string {
  return text.startsWith("Step ") ? text.slice(0, maxLineLength) : text.slice(-maxLineLength);
}

/** The first command of a step stands for it: ours begin with `: "what it does";`. */
function shortenStep(line: string): string {
  const first = line.replace(/^(Step \S+ : RUN) : "([^"]*)";.*$/, "$1 $2").trim();
  return first.length > maxStepLength ? `${first.slice(0, maxStepLength)}...` : first;
}

/** Carriage returns redraw a line: what counts is its last state. Colours, what could drive a terminal, and
 * the builder's own notes do not get through. */
function toText(line: string): string {
  const plain = stripVTControlCharacters(line).trimEnd();
  const last = toPrintable(plain.slice(plain.lastIndexOf("\r") + 1).slice(0, maxLineLength));
  return last.startsWith(" ---> ") || last.startsWith("Removing intermediate container") ? "" : last;
}
