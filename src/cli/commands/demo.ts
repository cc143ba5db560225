import { join } from "node:path";
import { createRepository } from "../../git/create-repository.ts";
import type { FlagValues } from "../../config/read-flags.ts";
import type { CliContext } from "../context.ts";
import { loadRunSettings } from "../load-settings.ts";
import { prepareRunner } from "../prepare-runner.ts";
import { buildRequest, carryOut } from "./run.ts";

export interface DemoOptions {
  readonly flags: FlagValues;
  /** A remark for the summary, such as that the model was scripted. */
  readonly note: string | undefined;
}

const task = "Greet the world when nobody is named, and test it";

const files = {
  "package.json": `${JSON.stringify({ name: "greetings", version: "1.0.0", type: "module", scripts: { test: "node --test" } }, null, 2)}\n`,
  "greet.js": "/** The greeting for a person. */\nexport function greet(name) {\n  return `Hello, ${name}!`;\n}\n",
  "README.md": '# greetings\n\n`greet("Ada")` is "Hello, Ada!".\n',
};

/** `demo`: a small task in a repository of its own, made anew each time; the branch stays there to be looked at. */
export async function demoCommand({ flags, note }: DemoOptions, context: CliContext): Promise<number> {
  const loaded = await loadRunSettings(flags, context);
  const repository = join(loaded.config.directories.state, "demo", "greetings");
  const config = { ...loaded.config, repository, base: "HEAD" };
  // Before anything is made.
  const runner = await prepareRunner(loaded, context);
  await createRepository(repository, files, { settings: config.git, signal: context.signal });
  const request = buildRequest({ ...loaded, config }, Buffer.from(task));
  return carryOut({ config, request, runner, notes: note === undefined ? [] : [note] }, context);
}
