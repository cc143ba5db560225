import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createServedWorld } from "../support/served-world.ts";
import { bash, expectTidy, readReport, say, write } from "./tidy.ts";

const argv = ["--task", "Write it", "--branch", "work", "--output", "json", "--quiet"];
/** Longer than the lease and the pings of streams. */
const stoppedMs = 60_000;

it("a server that stood still for a minute under a task goes on: one end, nothing lost or doubled, and nobody took its place", async () => {
  const steps = [write("partial.txt"), { ...say("I am there again."), delayMs: 2_000 }, bash("date > after.txt")];
  await using served = await createServedWorld({
    scenario: { steps: [...steps.slice(0, 1), bash("sleep 5"), ...steps] },
  });
  const { world } = served;
  await using server = await served.serve();
  const running = served.start(argv, server.url);
  await served.hearModel(2);
  server.child.kill("SIGSTOP");
  const usurper = await world.run(["serve", "--port", "0"]);
  expect([usurper.exitCode, usurper.stdout]).toEqual([4, ""]);
  expect(usurper.stderr).toContain("STORE_LOCKED");
  await sleep(stoppedMs);
  server.child.kill("SIGCONT");
  const result = readReport(await running.ended);
  expect(result.report).toMatchObject({ outcome: "succeeded", branch: { name: "work" }, warnings: [] });
  expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  const types = world.readEvents(result.report.runId).map(({ type }) => type);
  const attempts = types.filter((type) => type === "agent.started").length;
  expect(types.filter((type) => type === "attempt.lost")).toHaveLength(attempts - 1);
  const answer = await fetch(`${server.url}/api/v1/tasks`);
  expect(await answer.json()).toMatchObject({ tasks: [{ state: "succeeded", attempt: attempts }] });
  expect(await server.end("SIGTERM")).toBe(0);
  await expectTidy(world, result);
}, 150_000);
