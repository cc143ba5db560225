import { expect, it } from "vitest";
import { chooseProxy } from "../../src/config/choose-proxy.ts";

const proxies = { http: "http://plain:1", https: "http://secure:2" };

it.each([
  ["https://api.example.com", "", "http://secure:2"],
  ["http://api.example.com", "", "http://plain:1"],
  ["http://127.0.0.1:8080", "", undefined],
  ["http://localhost:8080", "", undefined],
  ["http://[::1]:8080", "", undefined],
  ["https://api.example.com", "*", undefined],
  ["https://api.example.com", "other.com, example.com", undefined],
  ["https://api.example.com", ".example.com", undefined],
  ["https://api.example.com", "*.EXAMPLE.com", undefined],
  ["https://myexample.com", "example.com", "http://secure:2"],
  ["https://api.example.com", "api.example.com:443", undefined],
  ["https://api.example.com", "api.example.com:8443", "http://secure:2"],
  ["http://10.1.2.3", "10.0.0.0/8", undefined],
  ["http://11.1.2.3", "10.0.0.0/8", "http://plain:1"],
  ["http://10.1.2.3", "10.0.0.0/99", "http://plain:1"],
  ["http://[fd00::1]:80", "fd00::1", undefined],
  ["http://[fd00::1]:80", "fd00::/8", undefined],
])("reaches %s with NO_PROXY=%s through %s", (endpoint, bypass, expected) => {
  expect(chooseProxy(endpoint, { ...proxies, bypass })).toBe(expected);
});
