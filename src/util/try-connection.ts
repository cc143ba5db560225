import { connect } from "node:net";

/** A unix socket, or a port of a host. */
export type ConnectionTarget = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Connects and closes again: a connection tells more than a look at the file, for a socket nobody listens on any more
 * looks the same. Throws what the system says, an Error without a code after `timeoutMs`, or an AbortError.
 */
export async function tryConnection(
  target: ConnectionTarget,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const socket = connect({ ...target, signal });
  socket.once("connect", () => resolve(undefined));
  socket.once("error", reject);
  socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs / 1000} s`)));
  try {
    await promise;
  } finally {
    socket.destroy();
  }
}
