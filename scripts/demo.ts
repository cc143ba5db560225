import { spawn } from "node:child_process";
import { startScriptedModel } from "../test/support/model/server.ts";

/**
 * `npm run demo`: the main job on a small repository. With a credential in the environment the real model does the work;
 * without, a scripted one, and the summary says so.
 */
async function demo(argv: readonly string[]): Promise<number> {
  const { ANTHROPIC_API_KEY: apiKey, CLAUDE_CODE_OAUTH_TOKEN: token, CLAUDE_CODE_TOKEN: oldToken } = process.env;
  if (apiKey || token || oldToken) return run(argv, process.env);
  const scenario = new URL("../test/support/model/scenarios/demo.json", import.meta.url).pathname;
  await using model = await startScriptedModel(scenario);
  const note = "The model was scripted: no credential is set (ANTHROPIC_API_KEY). Everything else was real.";
  const environment = { ...process.env, ANTHROPIC_API_KEY: "scripted-model-needs-none", ANTHROPIC_BASE_URL: model.url };
  return await run(["--note", note, ...argv], environment);
}

function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, ["bin/agent-worker.js", "demo", ...argv], {
    env: environment,
    stdio: "inherit",
  });
  // The terminal's Ctrl-C reaches the child as well; it answers, we wait.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

process.exitCode = await demo(process.argv.slice(2));
