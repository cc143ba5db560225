import { createConnection } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { claudeCli } from "../../../src/agents/claude/claude-cli.ts";
import { loadSecondPhase } from "../../../src/agents/contained/second-phase.ts";
import { openControl } from "../../../src/container/control.ts";
import { makeDirectory } from "../../support/repository.ts";

const { signal } = new AbortController();

it("gives what follows the container, and a reader of what its agent CLI says, once the entry program is there", async () => {
  using directory = makeDirectory();
  const socketPath = join(directory.path, "c.sock");
  await using control = await openControl(socketPath, signal);
  let isLoading = false;
  const loadReading = (): ReturnType<typeof claudeCli.loadReading> => {
    isLoading = true;
    return claudeCli.loadReading();
  };
  const loading = loadSecondPhase({ ...claudeCli, loadReading }, control);
  await setImmediate();
  expect(isLoading).toBe(false);
  const entry = createConnection(socketPath);
  const second = await loading;
  expect(second.followSession).toBeTypeOf("function");
  expect(second.reader.facts()).toMatchObject({ sessionId: null, turns: 0, result: null });
  entry.destroy();
});

it("does not wait for ever for an entry program: what is loaded finds out what has become of it", async () => {
  using directory = makeDirectory();
  await using control = await openControl(join(directory.path, "c.sock"), signal);
  expect((await loadSecondPhase(claudeCli, control)).followSession).toBeTypeOf("function");
});
