import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A ULID: 10 characters of time in milliseconds, 16 of chance, Crockford's base 32; sorts by time of creation. */
export function createUlid(now: number = Date.now()): string {
  let time = "";
  for (let rest = now, index = 0; index < 10; index++, rest = Math.floor(rest / 32)) {
    time = alphabet.charAt(rest % 32) + time;
  }
  let chance = "";
  for (const byte of randomBytes(16)) chance += alphabet.charAt(byte % 32);
  return time + chance;
}

/** Whether `text` has the form of a run id. */
export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
