import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startServe } from "./server-process.ts";
import type { ServeOptions, ServerProcess } from "./server-process.ts";
import { createWorld } from "./world.ts";
import type { CommandResult, RunningCommand, World, WorldOptions } from "./world.ts";

/** A world with a task server, and with a user who has neither an engine nor a credential for the model. */
export interface ServedWorld extends AsyncDisposable {
  readonly world: World;
  /** The user's side, through the server at `url`. */
  start(argv: readonly string[], url: string): RunningCommand;
  run(argv: readonly string[], url: string): Promise<CommandResult>;
  serve(options?: ServeOptions): Promise<ServerProcess>;
  /** Once the model was asked so often by agents, all in all. */
  hearModel(times: number): Promise<void>;
}

export async function createServedWorld(options: WorldOptions): Promise<ServedWorld> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await createWorld(options));
  const directory = join(world.stateDirectory, "..", "bin");
  mkdirSync(directory);
  symlinkSync(execFileSync("which", ["git"], { encoding: "utf8" }).trim(), join(directory, "git"));
  const own = {
    PATH: directory,
    DOCKER_HOST: `unix://${directory}/no-engine.sock`,
    ANTHROPIC_API_KEY: "",
    ANTHROPIC_BASE_URL: "",
    AGENT_EXECUTION_MODE: "server",
  };
  const start: ServedWorld["start"] = (argv, url) =>
    world.start(argv, { environment: { ...own, CLAUDE_SERVER_URL: url } });
  const moved = stack.move();
  return {
    world,
    start,
    run: (argv, url) => start(argv, url).ended,
    serve: (serving = {}) => startServe(world, { argv: ["--quiet"], ...serving }),
    async hearModel(times) {
      while (world.model.requests.filter(({ mainLoop }) => mainLoop).length < times) await sleep(20);
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** The only run of a world's user. */
export function findRun({ stateDirectory }: World): string {
  const [runId, ...more] = readdirSync(join(stateDirectory, "runs"));
  if (runId === undefined || more.length > 0) throw new Error("not one run");
  return runId;
}
