// The agent CLI speaks HTTP to the container's loopback; every connection is handed to the gateway's socket as it is.
import { connect, createServer } from "node:net";

/**
 * @param {string} socketPath
 * @param {number} port on 127.0.0.1
 * @returns {Promise<void>}
 */
export function openForwarder(socketPath, port) {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const gateway = connect({ path: socketPath, allowHalfOpen: true });
    client.pipe(gateway).pipe(client);
    client.on("error", () => gateway.destroy());
    gateway.on("error", () => client.destroy());
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}
