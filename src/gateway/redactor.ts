const replacement = Buffer.from("[redacted]");

/** Shorter values are too common to be replaced wherever they occur. */
const minSecretLength = 6;

/**
 * Takes a secret out of a stream of bytes, also where it is cut by chunk borders. Nothing is held back but an end of
 * a chunk that may be the beginning of the secret.
 */
export class Redactor {
  readonly #secret: Buffer;
  #held = Buffer.alloc(0);

  constructor(secret: string) {
    this.#secret = Buffer.from(secret.length < minSecretLength ? "" : secret);
  }

  /** What may leave now. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#secret.length === 0) return chunk;
    let rest = this.#held.length === 0 ? toBuffer(chunk) : Buffer.concat([this.#held, chunk]);
    const parts: Buffer[] = [];
    for (let at = rest.indexOf(this.#secret); at !== -1; at = rest.indexOf(this.#secret)) {
      parts.push(rest.subarray(0, at), replacement);
      rest = rest.subarray(at + this.#secret.length);
    }
    const safe = rest.length - this.#beginningAtEnd(rest);
    this.#held = Buffer.from(rest.subarray(safe));
    parts.push(rest.subarray(0, safe));
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  /** What was held back, when nothing follows. */
  end(): Uint8Array {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }

  /** How many bytes at the end of `bytes` are the beginning of the secret. */
  #beginningAtEnd(bytes: Buffer): number {
    let length = Math.min(bytes.length, this.#secret.length - 1);
    while (length > 0 && !bytes.subarray(bytes.length - length).equals(this.#secret.subarray(0, length))) length -= 1;
    return length;
  }
}

/** Takes a secret out of a text. */
export function redactText(text: string, secret: string): string {
  return secret.length < minSecretLength ? text : text.replaceAll(secret, replacement.toString());
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
