import { createHash, randomBytes } from "node:crypto";

/** How long a ticket is good for, in seconds. */
export const ticketSeconds = 30;
const maxPerOwner = 100;

/** What a page, which cannot put its key on a WebSocket, opens one with: good once and for half a minute. */
export interface Tickets {
  /** null: too many are out. */
  issue(owner: string, now: number): string | null;
  /** The owner it was given to; null where it is none, was used or is too old. */
  redeem(ticket: string, now: number): string | null;
}

export function createTickets(): Tickets {
  // By hash, in the order of their making, so that the oldest come first.
  const issued = new Map<string, { readonly owner: string; readonly expiresAt: number }>();
  const sweep = (now: number): void => {
    for (const [hash, { expiresAt }] of issued) {
      if (expiresAt > now) return;
      issued.delete(hash);
    }
  };
  return {
    issue(owner, now) {
      sweep(now);
      if (issued.values().reduce((count, one) => count + (one.owner === owner ? 1 : 0), 0) >= maxPerOwner) return null;
      const ticket = randomBytes(32).toString("base64url");
      issued.set(toHash(ticket), { owner, expiresAt: now + ticketSeconds * 1000 });
      return ticket;
    },
    redeem(ticket, now) {
      sweep(now);
      const hash = toHash(ticket);
      const owner = issued.get(hash)?.owner ?? null;
      issued.delete(hash);
      return owner;
    },
  };
}

function toHash(ticket: string): string {
  return createHash("sha256").update(ticket).digest("hex");
}
