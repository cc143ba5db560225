import { parseArgs } from "node:util";
import { startScriptedModel } from "./server.ts";

/** `node test/support/model/main.ts --scenario FILE [--port 0] [--host HOST] [--socket PATH]`: prints its URL, serves until a signal. */
const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    socket: { type: "string" },
  },
});
if (values.scenario === undefined) throw new Error("--scenario FILE is missing");
const model = await startScriptedModel(values.scenario, {
  port: Number(values.port),
  host: values.host,
  ...(values.socket === undefined ? {} : { socketPath: values.socket }),
});
process.stdout.write(`${model.url}\n`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void model[Symbol.asyncDispose]());
}
