import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/util/redact.ts";

const secret = 'sk-ant-"q\\uote"/+ ☃-0123456789';

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function redactInPieces(secrets: readonly string[], pieces: readonly Uint8Array[]): Promise<Buffer> {
  async function* source() {
    yield* pieces;
  }
  const out: Uint8Array[] = [];
  for await (const piece of createRedactor(secrets).redactChunks(source())) out.push(piece);
  return Buffer.concat(out);
}

function cut(bytes: Uint8Array, random: (below: number) => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random(7);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

const formsOfSecret = {
  "as it is": secret,
  "in JSON": JSON.stringify(secret).slice(1, -1),
  "in JSON in JSON": JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  "in JSON with ASCII only": JSON.stringify(secret).slice(1, -1).replace("☃", "\\u2603"),
  "in a URL": encodeURIComponent(secret),
  "in a URL with small letters": encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  "in a form": new URLSearchParams({ k: secret }).toString().slice(2),
};

describe("a redactor", () => {
  const redactor = createRedactor([secret]);

  for (const [name, form] of Object.entries(formsOfSecret)) {
    it(`takes out a secret ${name}`, () => {
      expect(redactor.redactText(`before ${form} after ${form}`)).toBe("before [redacted] after [redacted]");
    });
  }

  it.each(["base64", "base64url"] as const)("takes out a secret in %s, whatever stands around it", (encoding) => {
    const core = Buffer.from(secret).toString("base64").slice(4, -6);
    for (let before = 0; before < 7; before++) {
      for (let after = 0; after < 4; after++) {
        const text = Buffer.from("x".repeat(before) + secret + "y".repeat(after)).toString(encoding);
        const redacted = redactor.redactText(text);
        expect(redacted).toContain("[redacted]");
        expect(redacted).not.toContain(core);
        const left = redacted.replace("[redacted]", "");
        expect(left.length).toBeLessThanOrEqual(Math.ceil(((before + after) * 8) / 6) + 6);
      }
    }
  });

  it("keeps JSON valid", () => {
    const line = JSON.stringify({ text: `key: ${secret}`, nested: [JSON.stringify({ secret })] });
    expect(JSON.parse(redactor.redactText(line))).toEqual({
      text: "key: [redacted]",
      nested: ['{"secret":"[redacted]"}'],
    });
  });

  it("leaves everything alone without secrets, and ignores values shorter than 6", async () => {
    for (const secrets of [[], [""], ["abcde"]]) {
      expect(createRedactor(secrets).redactText("abcde abcdef")).toBe("abcde abcdef");
      expect((await redactInPieces(secrets, [Buffer.from("abcde")])).toString()).toBe("abcde");
    }
  });

  it("takes out a secret that came with white space around it", () => {
    expect(createRedactor(["sk-ant-secret\n"]).redactText("x-api-key: sk-ant-secret")).toBe("x-api-key: [redacted]");
  });

  it("takes out the longer of two secrets that begin alike, also across chunks", async () => {
    const secrets = ["secret-1", "secret-1-and-more"];
    expect(createRedactor(secrets).redactText("a secret-1-and-more b secret-1")).toBe("a [redacted] b [redacted]");
    const pieces = ["a secret-1", "-and-more b secret-1", "-and-less"].map((piece) => Buffer.from(piece));
    expect((await redactInPieces(secrets, pieces)).toString()).toBe("a [redacted] b [redacted]-and-less");
  });

  it.each(["redacted", "[redacted]", "[redacted]<redacted>{redacted}[***]<***>", "]tail-of", "<head[of{", "█[]<>{}"])(
    "finds a replacement that neither holds nor completes the secret %s",
    (odd) => {
      const redacted = createRedactor([odd, "other-secret"]).redactText(`x${odd}other-secrettail-of other-secret`);
      expect(redacted).not.toContain(odd);
      expect(redacted).not.toContain("other-secret");
    },
  );

  it("gives for any cut into chunks what it gives for the whole, and no secret", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed);
      // Few letters make for many near misses and overlaps.
      const word = (length: number): string => Array.from({ length }, () => 'ab"☃'[random(4)]).join("");
      const secrets = [word(6 + random(6)), word(6 + random(3))];
      const forms = secrets.flatMap((s) => [s, JSON.stringify(s).slice(1, -1), encodeURIComponent(s)]);
      const text = Array.from({ length: 40 }, () => (random(3) === 0 ? forms[random(6)] : word(random(9)))).join("");
      const whole = createRedactor(secrets).redactText(text);
      expect((await redactInPieces(secrets, cut(Buffer.from(text), random))).toString()).toBe(whole);
      expect(forms.filter((form) => whole.includes(form))).toEqual([]);
    }
  });

  it("passes on bytes that are not UTF-8 as they are", async () => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
    const out = await redactInPieces([secret], cut(bytes, createRandom(1)));
    expect(out.equals(bytes)).toBe(true);
  });

  it("holds nothing back that cannot become a secret", async () => {
    const seen: string[] = [];
    async function* source() {
      yield Buffer.from("first line\n");
      seen.push("second was asked for");
      yield Buffer.from("second line\n");
    }
    for await (const piece of redactor.redactChunks(source())) seen.push(Buffer.from(piece).toString());
    expect(seen).toEqual(["first line\n", "second was asked for", "second line\n"]);
  });
});
