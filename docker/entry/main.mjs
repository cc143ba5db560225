// Process 1's only child in the container: reads the host's order, runs the agent CLI, brings its work out.
import { connectControl } from "./control.mjs";
import { killEverythingElse, readOutOfMemoryKills, startAgent } from "./agent-process.mjs";
import { collect } from "./collect.mjs";
import { openConversation, putConversationBack } from "./conversation.mjs";
import { openForwarder } from "./forward.mjs";
import { readOrder } from "./order.mjs";
import { answers, findReachable } from "./self-test.mjs";
import { waitForWorkTree } from "./workspace.mjs";

const runDirectory = "/opt/agent-worker/run";

/** @type {ReturnType<typeof startAgent> | null} */
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
      agent?.stop(graceMs);
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
    const baseTree = first.mode === "run" ? await runAgent({ workTree, order: first, control }) : null;
    // Whoever was started before there was a task learns only now what the commit is to be called.
    const order = readOrder(orderFile);
    const { head, notes, sendPack } = await collect(workTree, { ...order, baseTree }, control.socket);
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
 * The CLI starts as soon as nothing but the model can be reached; its prompt waits until the model has answered as well.
 * @param {{ workTree: string, order: import("./order.mjs").Order, control: ReturnType<typeof connectControl> }} options
 * @returns {Promise<string>} the tree of the base
 */
async function runAgent({ workTree, order, control }) {
  const forwarding = openForwarder(`${runDirectory}/gateway.sock`);
  const [modelPort, reachable, baseTree] = await Promise.all([forwarding, findReachable(), waitForWorkTree()]);
  const answering = answers(modelPort);
  if (reachable.length > 0 || stopGraceMs !== null) {
    const modelEndpoint = await answering;
    control.send({ type: "ready", selfTest: { modelEndpoint, reachable } });
    if (stopGraceMs !== null) return baseTree;
    throw new Error("the self-test failed");
  }
  const environment = Object.fromEntries(
    Object.entries(order.environment).map(([name, value]) => [name, value.replace("{modelPort}", String(modelPort))]),
  );
  putConversationBack(order);
  const killsBefore = readOutOfMemoryKills();
  const prompt = answering.then((ok) => (ok ? control.prompt : new Promise(() => {})));
  agent = startAgent({ command: order.command, cwd: workTree, environment, prompt });
  const modelEndpoint = await answering;
  control.send({ type: "ready", selfTest: { modelEndpoint, reachable } });
  if (!modelEndpoint) throw new Error("the self-test failed");
  control.send({ type: "started" });
  const exit = await agent.exited;
  await killEverythingElse();
  control.send({ type: "exited", ...exit, outOfMemoryKills: readOutOfMemoryKills() - killsBefore });
  return baseTree;
}
