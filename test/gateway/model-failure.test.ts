import { describe, expect, test } from "vitest";
import { toAnswerFailure } from "../../src/gateway/model-failure.ts";
import type { ModelAnswer } from "../../src/gateway/model-failure.ts";
import { toUpstreamFailure } from "../../src/gateway/upstream-failure.ts";

const answer: ModelAnswer = {
  status: 200,
  host: "api.example.com",
  retryAfter: undefined,
  error: null,
  kind: "api-key",
};
const error = (code: string, cause?: unknown) => Object.assign(new Error("secret address", { cause }), { code });

describe("toAnswerFailure", () => {
  test.each([
    [401, "MODEL_CREDENTIAL"],
    [403, "MODEL_CREDENTIAL"],
    [402, "LIMIT_QUOTA"],
    [408, "MODEL_TIMEOUT"],
    [429, "MODEL_RATE_LIMIT"],
    [500, "MODEL_OVERLOADED"],
    [503, "MODEL_OVERLOADED"],
    [504, "MODEL_TIMEOUT"],
    [529, "MODEL_OVERLOADED"],
  ])("takes status %i as %s", (status, code) => {
    expect(toAnswerFailure({ ...answer, status })).toMatchObject({ code });
  });

  test.each([200, 400, 404, 413])("takes status %i for no failure of the model", (status) => {
    expect(toAnswerFailure({ ...answer, status })).toBeNull();
  });

  test("knows an empty account by the provider's words", () => {
    const said = { type: "invalid_request_error", message: "Your credit balance is too low to access the API." };
    expect(toAnswerFailure({ ...answer, status: 400, error: said })?.code).toBe("LIMIT_QUOTA");
  });

  test("takes an error in a stream by its type", () => {
    const said = { type: "overloaded_error", message: "Overloaded" };
    expect(toAnswerFailure({ ...answer, error: said })).toMatchObject({
      code: "MODEL_OVERLOADED",
      message: "The model endpoint api.example.com failed (overloaded_error): Overloaded",
    });
  });

  test("says how long to wait, from seconds and from a date", () => {
    expect(toAnswerFailure({ ...answer, status: 429, retryAfter: "30" })?.hint).toBe("Try again in 30 s.");
    const date = new Date(Date.now() - 5000).toUTCString();
    expect(toAnswerFailure({ ...answer, status: 429, retryAfter: date })?.hint).toBe("Try again in 0 s.");
    expect(toAnswerFailure({ ...answer, status: 429, retryAfter: "soon" })?.hint).toMatch(/fewer runs/);
  });

  test("names the variable of the credential in use", () => {
    expect(toAnswerFailure({ ...answer, status: 401 })?.hint).toMatch(/ANTHROPIC_API_KEY/);
    expect(toAnswerFailure({ ...answer, status: 401, kind: "oauth-token" })?.hint).toMatch(/CLAUDE_CODE_OAUTH_TOKEN/);
  });

  test("repeats the provider's words as one short printable line", () => {
    const said = { type: "api_error", message: `bad\u001B[31m\nthing\u2028${"x".repeat(1000)}` };
    const message = toAnswerFailure({ ...answer, status: 500, error: said })?.message ?? "";
    expect(message).toMatch(/: bad \[31m thing x+…$/);
    expect(message.length).toBeLessThan(400);
  });
});

describe("toUpstreamFailure", () => {
  test.each([
    ["ECONNREFUSED", "MODEL_UNREACHABLE", false],
    ["ENOTFOUND", "MODEL_UNREACHABLE", false],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "MODEL_UNREACHABLE", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "MODEL_UNREACHABLE", false],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "MODEL_UNREACHABLE", false],
    ["CONNECT_TIMEOUT", "MODEL_TIMEOUT", false],
    ["HEADERS_TIMEOUT", "MODEL_TIMEOUT", false],
    ["BODY_TIMEOUT", "MODEL_TIMEOUT", false],
    ["UND_ERR_CONNECT_TIMEOUT", "MODEL_TIMEOUT", false],
    ["UND_ERR_HEADERS_TIMEOUT", "MODEL_TIMEOUT", false],
    ["UND_ERR_BODY_TIMEOUT", "MODEL_TIMEOUT", false],
    ["ECONNRESET", "MODEL_UNREACHABLE", true],
    ["UND_ERR_SOCKET", "MODEL_UNREACHABLE", true],
  ])("takes %s as %s", (code, meaning, transient) => {
    const told = toUpstreamFailure(error(code), "api.example.com");
    expect(told).toMatchObject({ failure: { code: meaning }, transient });
    expect(told.failure.message).toContain("api.example.com");
    expect(JSON.stringify(told)).not.toContain("secret address");
  });

  test("looks at the causes, and says something of what it does not know", () => {
    expect(toUpstreamFailure(error("OTHER", error("ENOTFOUND")), "h").failure.message).toMatch(
      /no address \(ENOTFOUND\)/,
    );
    expect(toUpstreamFailure("what", "h").failure).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });

  test("sends to the company's certificate where TLS is not trusted", () => {
    expect(toUpstreamFailure(error("SELF_SIGNED_CERT_IN_CHAIN"), "h").failure.hint).toMatch(
      /--ca-bundle FILE.*NODE_EXTRA_CA_CERTS/,
    );
  });
});
