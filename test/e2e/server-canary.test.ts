import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createServedWorld } from "../support/served-world.ts";
import { canaryKey } from "../support/world.ts";
import { bash, expectTidy, hang, readReport, write } from "./tidy.ts";

const serverKey = "server-canary-8d2c46f1b7a95e30";
const argv = ["--task", "Write it", "--branch", "work", "--output", "json", "--verbose"];

/** A secret as it is, and in the shapes it may take on its way. */
function listShapes(secret: string): readonly string[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${"x".repeat(offset)}${secret}`).toString("base64");
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString("hex"), ...inBase64];
}

const shapes = [canaryKey, serverKey].flatMap(listShapes);

function expectClean(where: string, content: string | Buffer): void {
  expect([where, shapes.filter((shape) => content.includes(shape))]).toEqual([where, []]);
}

function expectCleanFiles(directory: string): void {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => join(directory, name));
  for (const file of files.filter((name) => statSync(name, { throwIfNoEntry: false })?.isFile())) {
    expectClean(file, readFileSync(file));
  }
}

/** Processes come and go. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

it("neither the model's credential nor the server's key is anywhere it does not belong", async () => {
  const steps = [bash("env > seen.txt"), write("a.txt"), hang];
  const environment = { AGENT_WORKER_SERVER_KEYS: `alice:${serverKey}`, CLAUDE_SERVER_API_KEY: serverKey };
  await using served = await createServedWorld({ scenario: { steps }, environment });
  const { world } = served;
  await using server = await served.serve({ argv: ["--verbose"] });
  const refused = await fetch(`${server.url}/api/v1/tasks`, { headers: { Authorization: `Bearer ${serverKey}x` } });
  expect(refused.status).toBe(401);
  expectClean("problem", await refused.text());
  const running = served.start(argv, server.url);
  await served.hearModel(3);
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    expectClean(`command line of ${pid}`, readIfThere(`/proc/${pid}/cmdline`));
  }
  expectCleanFiles(world.runtimeDirectory);
  running.process.kill("SIGINT");
  const result = readReport(await running.ended);
  expect(result.report.outcome).toBe("cancelled");
  for (const path of ["/metrics", "/health", "/api/v1/tasks"]) {
    const answer = await fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${serverKey}` } });
    expectClean(path, await answer.text());
  }
  expect(await server.end("SIGTERM")).toBe(0);
  await expectTidy(world, result);
  expectClean("stdout", result.stdout);
  expectClean("stderr", result.stderr);
  expectClean("the server's log", server.log());
  expect(server.log()).toContain("attempt ends");
  // The runs of both sides, the database, the server's repositories with their configuration, and the user's own.
  expectCleanFiles(world.stateDirectory);
  expectCleanFiles(join(world.repository.path, ".git"));
  expectClean("objects", world.repository.git("cat-file", "--batch-all-objects", "--batch"));
  expect(world.model.requests.some(({ headers }) => headers["x-api-key"] === canaryKey)).toBe(true);
});
