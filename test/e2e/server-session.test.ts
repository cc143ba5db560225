import { expect, it } from "vitest";
import { startServe } from "../support/server-process.ts";
import { createWorld } from "../support/world.ts";

const scenario = { steps: [{ content: [{ type: "text" as const, text: "I will remember." }] }] };

it("--session continues the conversation of an earlier run on a task server", async () => {
  await using world = await createWorld({ scenario });
  await using server = await startServe(world, { argv: ["--quiet"] });
  const flags = ["--execution-mode", "server", "--server-url", server.url];
  const first = await world.runTask([...flags, "--task", "The word is plum."]);
  const session = first.report.agent.sessionId ?? "";
  const second = await world.runTask([...flags, "--task", "Which word?", "--session", session]);
  expect(second.report).toMatchObject({ outcome: "no_changes", agent: { sessionId: session } });
  const heard = JSON.stringify(world.model.requests.findLast(({ mainLoop }) => mainLoop)?.body);
  expect(heard).toContain("The word is plum.");
  expect(heard).toContain("Which word?");
  const unknown = await world.runTask([...flags, "--task", "Go on", "--session", "unknown"]);
  expect(unknown.report).toMatchObject({ outcome: "unavailable", reason: { code: "SESSION_UNKNOWN" }, branch: null });
});

it("--session without a task server is refused before anything is started", async () => {
  await using world = await createWorld();
  const result = await world.run(["--task", "Go on", "--session", "any"]);
  expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--execution-mode server") });
  expect(world.model.requests).toEqual([]);
});
