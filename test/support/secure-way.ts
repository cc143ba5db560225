import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const directory = new URL("../fixtures/tls/", import.meta.url).pathname;
/** What signs `localhost`. */
export const localCertificate = `${directory}localhost.crt`;

export interface Way extends AsyncDisposable {
  readonly port: number;
}

/** TLS in front of a port of this machine. */
export function openTls(port: number): Promise<Way> {
  const certificate = { key: readFileSync(`${directory}localhost.key`), cert: readFileSync(localCertificate) };
  return listen(createTlsServer(certificate, (socket) => join(socket, connect(port, "127.0.0.1"))));
}

export interface Proxy extends Way {
  /** `host:port` of each tunnel. */
  readonly tunnels: readonly string[];
}

/** A proxy that opens tunnels to this machine, for who knows the password. */
export async function openProxy(credentials: string): Promise<Proxy> {
  const tunnels: string[] = [];
  const server = createServer((_request, response) => response.writeHead(403).end());
  server.on("connect", (request, socket) => {
    const given = String(request.headers["proxy-authorization"]);
    if (given !== `Basic ${Buffer.from(credentials).toString("base64")}`) {
      socket.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
      );
      return;
    }
    tunnels.push(request.url ?? "");
    const target = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
    });
    socket.pipe(target).pipe(socket);
    socket.on("error", () => target.destroy());
    target.on("error", () => socket.destroy());
  });
  return { ...(await listen(server)), tunnels };
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on("error", () => other.destroy());
  other.on("error", () => one.destroy());
}

async function listen(server: Server): Promise<Way> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
