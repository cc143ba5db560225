import { existsSync } from "node:fs";
import { startScriptedModel } from "../support/model/server.ts";
import { begin, openTestGateway } from "./support.ts";

/** Closes a gateway with requests on their way; the process then ends by itself if nothing is left open. */
const model = await startScriptedModel({ steps: [{ hang: "headers", repeat: "forever" }] });
const opened = await openTestGateway(model.url);
const body = JSON.stringify({ model: "m", messages: [], tools: [{ name: "Bash" }] });
const asked = Array.from({ length: 5 }, () => begin(opened.socketPath, { body }).catch(() => "broken"));
while (model.requests.length < 5) {
  await new Promise((done) => {
    setImmediate(done);
  });
}
await opened[Symbol.asyncDispose]();
await Promise.all(asked);
// The model stays open until here, so that its ends of the connections do not close ours.
await model[Symbol.asyncDispose]();
process.stdout.write(existsSync(opened.socketPath) ? "closed, socket left\n" : "closed, socket gone\n");
