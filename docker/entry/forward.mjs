// The agent CLI speaks HTTP to the container's loopback; every connection is handed to the gateway's socket as it is.
import { connect, createServer } from "node:net";

/**
 * @param {string} socketPath
 * @returns {Promise<number>} the port on 127.0.0.1
 */
export function openForwarder(socketPath) {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const gateway = connect({ path: socketPath, allowHalfOpen: true });
    client.pipe(gateway).pipe(client);
    client.on("error", () => gateway.destroy());
    gateway.on("error", () => client.destroy());
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
