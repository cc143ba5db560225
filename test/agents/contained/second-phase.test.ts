import { expect, it } from "vitest";
import { claudeCli } from "../../../src/agents/claude/claude-cli.ts";
import { loadSecondPhase } from "../../../src/agents/contained/second-phase.ts";

it("gives what follows the container, and a reader of what its agent CLI says", async () => {
  const second = await loadSecondPhase(claudeCli);
  expect(second.followSession).toBeTypeOf("function");
  expect(second.reader.facts()).toMatchObject({ sessionId: null, turns: 0, result: null });
});
