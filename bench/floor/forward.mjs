// What somebody would write who starts the agent CLI by hand in a container without a network: loopback to a socket.
import { connect, createServer } from "node:net";

const [port, socketPath] = process.argv.slice(2);
createServer({ noDelay: true }, (client) => {
  const model = connect(String(socketPath));
  client.pipe(model).pipe(client);
  client.on("error", () => model.destroy());
  model.on("error", () => client.destroy());
}).listen(Number(port), "127.0.0.1");
