import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createRepository } from "../../git/create-repository.ts";
import type { Config } from "../../config/config.ts";
import type { FlagValues } from "../../config/read-flags.ts";
import type { CliContext } from "../context.ts";
import { loadRunSettings } from "../load-settings.ts";
import { prepareRunner } from "../prepare-runner.ts";
import { readVersion } from "../version.ts";
import { buildRequest, carryOut } from "./run.ts";
import { openDisposables } from "../../util/disposables.ts";
import type { Disposables } from "../../util/disposables.ts";

export interface DemoOptions {
  readonly flags: FlagValues;
  /** A remark for the summary, such as that the model was scripted. */
  readonly note: string | undefined;
  /** Through a task server on loopback that lives as long as the task. */
  readonly server: boolean;
}

const task = "Greet the world when nobody is named, and test it";

const files = {
  "package.json": `${JSON.stringify({ name: "greetings", version: "1.0.0", type: "module", scripts: { test: "node --test" } }, null, 2)}\n`,
  "greet.js": "/** The greeting for a person. */\nexport function greet(name) {\n  return `Hello, ${name}!`;\n}\n",
  "README.md": '# greetings\n\n`greet("Ada")` is "Hello, Ada!".\n',
};

/** `demo`: a small task in a repository of its own, made anew each time; the branch stays there to be looked at. */
export async function demoCommand({ flags, note, server }: DemoOptions, context: CliContext): Promise<number> {
  const loaded = await loadRunSettings(flags, context);
  const repository = join(loaded.config.directories.state, "demo", "greetings");
  const notes = note === undefined ? [] : [note];
  const own = { ...loaded.config, repository, base: "HEAD" };
  await using stack = openDisposables();
  const config = server ? await serve(own, stack, context) : own;
  // Before anything is made.
  const runner = await prepareRunner({ ...loaded, config }, context);
  await createRepository(repository, files, { settings: config.git, signal: context.signal });
  const request = buildRequest({ ...loaded, config }, Buffer.from(task));
  return await carryOut({ config, request, runner, notes }, context);
}

/** Starts a server with a key of its own, told to nobody else; answers what its client is to be configured with. */
async function serve(config: Config, stack: Disposables, context: CliContext): Promise<Config> {
  const apiKey = randomBytes(24).toString("base64url");
  const dataDirectory = join(config.directories.state, "demo", "server");
  const own = {
    host: "127.0.0.1",
    port: 0,
    publicHosts: [],
    keysFile: undefined,
    keys: `demo:${apiKey}`,
    dataDirectory,
  };
  const verbosity = config.verbosity === "verbose" ? "verbose" : "quiet";
  const serving = { ...config, serve: { ...config.serve, ...own }, verbosity } as const;
  const { url } = stack.use(await context.buildServer(serving, readVersion()));
  return {
    ...config,
    executionMode: "server",
    server: { urls: [url], endpoints: [{ url, proxyUrl: undefined }], apiKey },
  };
}
