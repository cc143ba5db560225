// Reads the host's order, tests the container, gives the agent CLI its prompt when start.sh has started it, brings its work out.
import { connectControl } from "./control.mjs";
import { killEverythingElse, readOutOfMemoryKills, stopAgent } from "./agent-process.mjs";
import { collect } from "./collect.mjs";
import { openConversation } from "./conversation.mjs";
import { openForwarder } from "./forward.mjs";
import { followLaunch, givePrompt } from "./launch.mjs";
import { readOrder } from "./order.mjs";
import { answers, findReachable } from "./self-test.mjs";

const runDirectory = "/opt/agent-worker/run";

/** @type {number | null} The agent CLI's process. */
let agent = null;
/** @type {number | null} */
let stopGraceMs = null;

// Node would open its inspector on this signal, and let the agent run its own code in here.
process.on("SIGUSR1", () => {});
void main();

async function main() {
  const control = connectControl(`${runDirectory}/control.sock`, {
    onStop: (graceMs) => {
      stopGraceMs = graceMs;
      if (agent !== null) stopAgent(agent, graceMs);
    },
    // The host is gone, and the gateway with it: going on would only burn time.
    onLost: () => void killEverythingElse().finally(() => process.exit(1)),
  });
  let expectsPrompt = false;
  try {
    const orderFile = `${runDirectory}/order.json`;
    const first = readOrder(orderFile);
    const workTree = `/workspace/${first.directory}`;
    expectsPrompt = first.mode === "run";
    if (first.mode === "run") await runAgent(first, control);
    // Whoever was started before there was a task learns only now what the commit is to be called.
    const order = readOrder(orderFile);
    const { head, notes, sendPack } = await collect(workTree, order, control.socket);
    const conversation = openConversation(order);
    control.send({ type: "collected", head, notes, conversationBytes: conversation.bytes });
    await conversation.send(control.socket);
    if (head !== order.base) await sendPack({ base: order.base, head });
  } catch (error) {
    control.send({ type: "broken", message: error instanceof Error ? error.message : String(error) });
  }
  // An agent may end without its prompt. What has not been read when this program ends breaks the connection, and the host loses
  // what it has not read either.
  if (expectsPrompt) await control.prompt;
  await control.finish();
  process.exit(0);
}

/**
 * The CLI is started meanwhile, where no route leads out of here; its prompt waits until the model has answered and nothing else has.
 * @param {import("./order.mjs").Order} order
 * @param {ReturnType<typeof connectControl>} control
 */
async function runAgent({ modelPort }, control) {
  const launch = followLaunch();
  const answering = openForwarder(`${runDirectory}/gateway.sock`, modelPort).then(() => answers(modelPort));
  answering.catch(() => {});
  const [found] = await Promise.all([findReachable(), launch.filled]);
  const { pid, route } = await launch.started;
  const reachable = route === null ? found : [`other machines through ${route}`, ...found];
  const modelEndpoint = await answering;
  control.send({ type: "ready", selfTest: { modelEndpoint, reachable } });
  const isFit = modelEndpoint && reachable.length === 0;
  if (stopGraceMs !== null || !isFit) await killEverythingElse();
  if (stopGraceMs !== null) return;
  if (!isFit) throw new Error("the self-test failed");
  agent = pid;
  void control.prompt.then(givePrompt);
  control.send({ type: "started" });
  const exit = await launch.exited;
  await killEverythingElse();
  control.send({ type: "exited", ...exit, outOfMemoryKills: readOutOfMemoryKills() });
}
