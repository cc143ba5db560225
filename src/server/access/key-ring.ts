import { createHash, timingSafeEqual } from "node:crypto";

/** A key in the clear exists only between its source and its hash. */
export interface ServerKey {
  /** The owner of what it sends: `^[a-z0-9][a-z0-9_-]{0,31}$`. */
  readonly name: string;
  readonly key: string;
  /** After which it is refused; null: never. */
  readonly expiresAt: Date | null;
}

export type KeyCheck =
  | { readonly kind: "valid"; readonly owner: string }
  | { readonly kind: "expired"; readonly owner: string }
  | { readonly kind: "unknown" };

/** The keys that open the server; only their hashes are kept. */
export interface KeyRing {
  /** True: there are no keys, and whoever reaches the server (loopback only) is its owner. */
  readonly isOpen: boolean;
  check(key: string, now: Date): KeyCheck;
  replace(keys: readonly ServerKey[]): void;
}

interface KeptKey {
  readonly name: string;
  readonly hash: Buffer;
  readonly expiresAt: Date | null;
}

export function createKeyRing(keys: readonly ServerKey[]): KeyRing {
  let kept = keys.map(toKept);
  return {
    get isOpen() {
      return kept.length === 0;
    },
    check(key, now) {
      const given = hash(key);
      // All of them, whichever fits: how long it takes tells nothing.
      const found = kept.filter((one) => timingSafeEqual(one.hash, given));
      const valid = found.find(({ expiresAt }) => expiresAt === null || expiresAt > now);
      if (valid !== undefined) return { kind: "valid", owner: valid.name };
      const [expired] = found;
      return expired === undefined ? { kind: "unknown" } : { kind: "expired", owner: expired.name };
    },
    replace(next) {
      kept = next.map(toKept);
    },
  };
}

function toKept({ name, key, expiresAt }: ServerKey): KeptKey {
  return { name, hash: hash(key), expiresAt };
}

function hash(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
