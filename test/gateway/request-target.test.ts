import { describe, expect, test } from "vitest";
import { decideTarget } from "../../src/gateway/request-target.ts";

const host = "127.0.0.1:8080";
const decide = (method: string, target: string, from: string | undefined = host) =>
  decideTarget({ method, target, host: from });

describe("decideTarget", () => {
  test.each([
    ["POST", "/v1/messages"],
    ["POST", "/v1/messages?beta=true"],
    ["POST", "/v1/messages/count_tokens?beta=true"],
    ["GET", "/v1/models"],
    ["GET", "/v1/models/claude-opus-5-5?x=%20y"],
  ])("lets %s %s pass", (method, target) => {
    expect(decide(method, target)).toMatchObject({ allowed: true, path: target.split("?")[0] });
  });

  test.each(["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080"])("takes requests to %s as its own", (from) => {
    expect(decide("POST", "/v1/messages", from).allowed).toBe(true);
  });

  test.each([
    ["GET", "/"],
    ["HEAD", "/api/hello"],
    ["GET", "/v1/messages"],
    ["DELETE", "/v1/models/x"],
    ["POST", "/v1/messages/batches"],
    ["GET", "/v1/messages/batches"],
    ["GET", "/v1/files"],
    ["GET", "/v1/organizations/me"],
    ["POST", "/v1/messages/"],
    ["POST", "//evil.example/v1/messages"],
    ["POST", "/v1//messages"],
    ["POST", "/v1/../v1/messages"],
    ["POST", "/v1/./messages"],
    ["GET", "/v1/models/.."],
    ["GET", "/v1/models/%2e%2e/files"],
    ["GET", "/v1/models/..%2ffiles"],
    ["POST", "/v1\\messages"],
    ["POST", "/v1/messages#x"],
    ["POST", "/v1/messages?x=\u0000"],
    ["POST", "/v1/messages?x=#"],
    ["POST", "http://evil.example/v1/messages"],
    ["POST", "http://127.0.0.1:8080/v1/messages"],
    ["POST", "*"],
    ["POST", ""],
    ["CONNECT", "evil.example:443"],
  ])("denies %s %s", (method, target) => {
    expect(decide(method, target).allowed).toBe(false);
  });

  test.each([undefined, "", "evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "169.254.169.254"])(
    "denies a request to the host %s",
    (from) => {
      expect(decideTarget({ method: "POST", target: "/v1/messages", host: from }).allowed).toBe(false);
    },
  );

  test("names the host that was asked for, without user and password, and the path without the query", () => {
    expect(decide("GET", "http://user:password@evil.example:81/x?key=1")).toMatchObject({
      host: "evil.example:81",
      path: "",
    });
    expect(decide("CONNECT", "evil.example:443")).toMatchObject({ host: "evil.example:443" });
    expect(decide("GET", "/x?key=1", "evil.example")).toMatchObject({ host: "evil.example", path: "/x" });
  });
});
