// Process 1's only child in the container: takes the order from the host, runs the agent CLI, brings its work out.
import { connectControl } from "./control.mjs";
import { killEverythingElse, readOutOfMemoryKills, startAgent } from "./agent-process.mjs";
import { collect, sendPack } from "./collect.mjs";
import { openForwarder } from "./forward.mjs";
import { selfTest } from "./self-test.mjs";
import { fillWorkspace } from "./workspace.mjs";

const runDirectory = "/opt/agent-worker/run";

/** @type {ReturnType<typeof startAgent> | null} */
let agent = null;
/** @type {number | null} */
let stopGraceMs = null;

// Node would open its inspector on this signal, and let the agent run its own code in here.
process.on("SIGUSR1", () => {});
void main();

async function main() {
  const [modelPort, control] = await Promise.all([
    openForwarder(`${runDirectory}/gateway.sock`),
    connectControl(`${runDirectory}/control.sock`, {
      onStop: (graceMs) => {
        stopGraceMs = graceMs;
        agent?.stop(graceMs);
      },
      // The host is gone, and the gateway with it: going on would only burn time.
      onLost: () => void killEverythingElse().finally(() => process.exit(1)),
    }),
  ]);
  try {
    const { start, prompt } = await control.order;
    const workTree = `/workspace/${start.directory}`;
    if (start.mode === "run") await runAgent({ workTree, start, prompt, modelPort, control });
    const { head, notes, place } = await collect(workTree, start);
    control.send({ type: "collected", head, notes });
    if (head !== start.base) await sendPack({ base: start.base, head, place, output: control.socket });
  } catch (error) {
    control.send({ type: "broken", message: error instanceof Error ? error.message : String(error) });
  }
  await control.finish();
  process.exit(0);
}

/**
 * @typedef {Awaited<ReturnType<typeof connectControl>>} Control
 * @param {import("./control.mjs").Order & { workTree: string, modelPort: number, control: Control }} order
 */
async function runAgent({ workTree, start, prompt, modelPort, control }) {
  const [, test] = await Promise.all([fillWorkspace(workTree, start), selfTest(modelPort)]);
  control.send({ type: "ready", selfTest: test });
  if (!test.modelEndpoint || test.reachable.length > 0) throw new Error("the self-test failed");
  if (stopGraceMs !== null) return;
  const environment = Object.fromEntries(
    Object.entries(start.environment).map(([name, value]) => [name, value.replace("{modelPort}", String(modelPort))]),
  );
  const killsBefore = readOutOfMemoryKills();
  agent = startAgent({ command: start.command, cwd: workTree, environment, prompt });
  control.send({ type: "started" });
  const exit = await agent.exited;
  await killEverythingElse();
  control.send({ type: "exited", ...exit, outOfMemoryKills: readOutOfMemoryKills() - killsBefore });
}
