import { describe, expect, test } from "vitest";
import { toContainerHeaders, toUpstreamHeaders } from "../../src/gateway/headers.ts";
import { createRedactor } from "../../src/util/redact.ts";

const key = { kind: "api-key", value: "sk-real-key" } as const;
const token = { kind: "oauth-token", value: "oat-real-token" } as const;
const fromContainer = {
  host: "127.0.0.1:1",
  authorization: "Bearer made-up",
  "x-api-key": "made-up",
  cookie: "a=b",
  "proxy-authorization": "Basic x",
  connection: "keep-alive, X-Hop",
  "x-hop": "1",
  "transfer-encoding": "chunked",
  "accept-encoding": "gzip, br",
  "content-type": "application/json",
  "anthropic-version": "2023-06-01",
};

describe("toUpstreamHeaders", () => {
  test("drops every credential and hop-by-hop header of the container and adds the key", () => {
    expect(toUpstreamHeaders(fromContainer, key)).toEqual({
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      "accept-encoding": "identity",
      "x-api-key": "sk-real-key",
    });
  });

  test("sends a token as the CLI does: bearer and the beta merged into the list", () => {
    const betas = (value: string | undefined) =>
      toUpstreamHeaders({ ...fromContainer, "anthropic-beta": value }, token)["anthropic-beta"];
    expect(toUpstreamHeaders(fromContainer, token)).toMatchObject({ authorization: "Bearer oat-real-token" });
    expect(toUpstreamHeaders(fromContainer, token)).not.toHaveProperty("x-api-key");
    expect(betas(undefined)).toBe("oauth-2025-04-20");
    expect(betas("one, two")).toBe("one,two,oauth-2025-04-20");
    expect(betas("oauth-2025-04-20,two")).toBe("oauth-2025-04-20,two");
  });
});

describe("toContainerHeaders", () => {
  test("keeps what the CLI reads and takes the credential out", () => {
    const headers = {
      "content-type": "text/event-stream",
      "retry-after": "3",
      "x-should-retry": "true",
      "request-id": "req_sk-real-key_1",
      "content-length": "5",
      "transfer-encoding": "chunked",
      "set-cookie": ["a=b"],
    };
    expect(toContainerHeaders(headers, createRedactor([key.value]))).toEqual({
      "content-type": "text/event-stream",
      "retry-after": "3",
      "x-should-retry": "true",
      "request-id": "req_[redacted]_1",
    });
  });
});
