import type { IncomingMessage } from "node:http";
import { ProblemError } from "../http/problem-error.ts";
import type { Context } from "hono";
import type { Exchange, ServerEnvironment } from "../http/exchange.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Tickets } from "./tickets.ts";

/** Whose tasks they are where the server has no keys and serves loopback only. */
const localOwner = "local";

export interface AccessParts {
  readonly keys: KeyRing;
  readonly tickets: Tickets;
}

/** Whose request it is; also noted in the exchange. Throws UNAUTHORIZED, and logs why without the key. */
export function authenticate(incoming: IncomingMessage, exchange: Exchange, { keys }: AccessParts): string {
  const owner = keys.isOpen ? localOwner : checkKey(incoming, exchange, keys);
  exchange.owner = owner;
  return owner;
}

/** The same for a socket: a ticket in the query does too, once. */
export function authenticateSocket(incoming: IncomingMessage, exchange: Exchange, parts: AccessParts): string {
  const ticket = new URLSearchParams(incoming.url?.split("?", 2)[1]).get("ticket");
  if (ticket === null || parts.keys.isOpen) return authenticate(incoming, exchange, parts);
  const owner = parts.tickets.redeem(ticket, Date.now());
  if (owner === null) throw refuse(incoming, exchange, { reason: "ticket unknown, used or too old" });
  exchange.owner = owner;
  return owner;
}

/** For what shows strangers less: null, and no word in the log, where no key was given. */
export function authenticateIfGiven(incoming: IncomingMessage, exchange: Exchange, parts: AccessParts): string | null {
  const isStranger = !parts.keys.isOpen && incoming.headers.authorization === undefined;
  return isStranger ? null : authenticate(incoming, exchange, parts);
}

/** The owner that the request was found to be of. A route that asks is never reached by a stranger. */
export function requireOwner({ env }: Context<ServerEnvironment>): string {
  const { owner } = env.exchange;
  if (owner === null) throw new ProblemError("UNAUTHORIZED");
  return owner;
}

function checkKey(incoming: IncomingMessage, exchange: Exchange, keys: KeyRing): string {
  const key = readKey(incoming.headers.authorization);
  if (key === null) throw refuse(incoming, exchange, { reason: "no key" });
  const checked = keys.check(key, new Date());
  switch (checked.kind) {
    case "valid":
      return checked.owner;
    case "expired":
      throw refuse(incoming, exchange, { reason: "expired key", owner: checked.owner });
    case "unknown":
      throw refuse(incoming, exchange, { reason: "unknown key" });
  }
}

/** `Bearer KEY`, or what git sends: `Basic` with the key as the password. */
function readKey(header: string | undefined): string | null {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return null;
  const text = Buffer.from(value, "base64").toString("utf8");
  return text.includes(":") ? text.slice(text.indexOf(":") + 1) : null;
}

interface Refusal {
  readonly reason: string;
  readonly owner?: string;
}

function refuse(incoming: IncomingMessage, { logger }: Exchange, refusal: Refusal): ProblemError {
  const address = incoming.socket.remoteAddress ?? null;
  logger.warn({ ...refusal, address, method: incoming.method }, "not authenticated");
  // What git asks its user for a password on; a browser that saw it would ask too.
  const isGit = /\.git\//.test(incoming.url ?? "");
  return new ProblemError(
    "UNAUTHORIZED",
    isGit ? { headers: { "WWW-Authenticate": 'Basic realm="agent-worker"' } } : {},
  );
}
