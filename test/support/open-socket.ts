import { WebSocket } from "ws";

/** How an upgrade ends: `open`, or the status of its refusal. */
export function openSocket(url: string, headers: Record<string, string>): Promise<string | number> {
  const socket = new WebSocket(url.replace("http:", "ws:"), { headers });
  return new Promise((resolve) => {
    socket.once("open", () => {
      socket.close();
      resolve("open");
    });
    socket.once("unexpected-response", (_, answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    socket.once("error", () => undefined);
  });
}
