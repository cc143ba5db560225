import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** What has ended by its hand. */
  readonly cuts: () => number;
}

export interface CuttingOptions {
  /** Events of a stream that are passed on. */
  readonly events: number;
  /** `cut`: both ends see the connection end, in the middle of a frame. `silence`: nothing more comes, and nobody is told. */
  readonly how: "cut" | "silence";
  /** So many packs that git fetches end after their first bytes. */
  readonly packs?: number;
  readonly packBytes?: number;
}

/** Passes everything on to a server on this machine, but of each stream of events, and of some packs, only the beginning. */
export async function startCuttingProxy(port: number, options: CuttingOptions): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  let packs = options.packs ?? 0;
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    const end = (): void => void [client, server].map((socket) => socket.destroy());
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", end).on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    let seen: number | undefined;
    client.on("data", (data) => {
      if (/^GET \/(?:ws|api\/v1\/tasks\/[^/?]+\/events)/.test(data.toString("latin1"))) seen ??= 0;
      server.write(data);
    });
    server.on("data", (data) => {
      const pack = packs > 0 ? data.indexOf("PACK") : -1;
      if (pack !== -1) {
        packs -= 1;
        cuts += 1;
        client.write(data.subarray(0, pack + (options.packBytes ?? 20)));
        return void client.end(() => end());
      }
      if (seen === undefined) return void client.write(data);
      if (seen >= options.events) return;
      const { place, count } = findEvent(data, options.events - seen);
      seen += count;
      client.write(data.subarray(0, place));
      if (seen < options.events) return;
      cuts += 1;
      if (options.how === "cut") client.end(() => end());
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port: own }: Pick<AddressInfo, "port"> = readAddress(proxy.address());
  return {
    url: `http://127.0.0.1:${own}`,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = once(proxy, "close");
      proxy.close();
      await closed;
    },
  };
}

/** How far to read for so many events: into the last one of them, not to its end. */
function findEvent(data: Buffer, wanted: number): { readonly place: number; readonly count: number } {
  let count = 0;
  for (let from = data.indexOf(mark); from !== -1; from = data.indexOf(mark, from + 1)) {
    count += 1;
    if (count === wanted) return { place: from + mark.length, count };
  }
  return { place: data.length, count };
}

const mark = '"seq":';

function readAddress(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address;
}
