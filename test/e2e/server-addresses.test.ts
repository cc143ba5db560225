import { expect, it } from "vitest";
import { openClientWorld } from "../support/server-world.ts";
import { startTestServer } from "../support/task-server.ts";

it.each([
  ["https instead of http", (url: string) => url.replace("http:", "https:"), "does not speak TLS"],
  ["a path too many", (url: string) => `${url}/tasks`, "/tasks/api/v1/repositories/"],
])("an address with %s is told at once, and what is wrong with it", async (_what, change, words) => {
  await using server = await startTestServer();
  await using world = openClientWorld();
  const patience = { submitMs: 600_000, contactMs: 600_000 };
  const { report } = await world.run([change(server.url)], { patience });
  expect(report.outcome).toBe("unavailable");
  expect(report.reason?.message).toContain(words);
});
