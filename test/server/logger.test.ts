import { expect, it } from "vitest";
import { createLogger } from "../../src/server/logger.ts";

it("writes one line of JSON for each entry, without what is a credential by its name", () => {
  const lines: string[] = [];
  const logger = createLogger({ level: "info", stream: { write: (line) => lines.push(line) } });
  const headers = { authorization: "canary-1", cookie: "canary-2", "set-cookie": "canary-3", host: "localhost" };
  logger.info({ ticket: "canary-4", key: "canary-5", request: { headers } }, "asked");
  logger.child({ requestId: "1" }).warn({ err: new Error("broken\nline") }, "failed");
  logger.debug("too much");
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toContain("canary");
  expect(lines.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", msg: "asked", ticket: "[redacted]" });
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ level: "warn", requestId: "1", err: { message: "broken\nline" } });
});
