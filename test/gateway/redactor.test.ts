import { describe, expect, test } from "vitest";
import { Redactor, redactText } from "../../src/gateway/redactor.ts";

const secret = "sk-sk-secret";

function run(chunks: readonly string[], value = secret): string[] {
  const redactor = new Redactor(value);
  const out = chunks.map((chunk) => Buffer.from(redactor.push(Buffer.from(chunk))).toString());
  return [...out, Buffer.from(redactor.end()).toString()];
}

describe("Redactor", () => {
  test("takes the secret out wherever chunks are cut", () => {
    const text = `a ${secret} b sk-${secret}${secret} c sk-sk-secre`;
    const clean = "a [redacted] b sk-[redacted][redacted] c sk-sk-secre";
    for (let at = 0; at <= text.length; at += 1) {
      for (let next = at; next <= text.length; next += 7) {
        expect(run([text.slice(0, at), text.slice(at, next), text.slice(next)]).join("")).toBe(clean);
      }
    }
    expect(run(Array.from(text)).join("")).toBe(clean);
  });

  test("holds back only what may be the beginning of the secret", () => {
    expect(run(["plain\n\n", "ends with sk-", "x", "sk-sk-"])).toEqual([
      "plain\n\n",
      "ends with ",
      "sk-x",
      "",
      "sk-sk-",
    ]);
  });

  test("hands on the very same bytes where there is nothing to do", () => {
    const chunk = Buffer.from("nothing here");
    const out = new Redactor(secret).push(chunk);
    expect(out).toEqual(chunk);
    expect(out.buffer).toBe(chunk.buffer);
  });

  test("leaves values alone that are too short to be secrets", () => {
    expect(run(["abc abcde"], "abcde").join("")).toBe("abc abcde");
    expect(redactText("abcde abcdef", "abcde")).toBe("abcde abcdef");
    expect(redactText("abcdef", "abcdef")).toBe("[redacted]");
  });
});
