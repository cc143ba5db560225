import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toWorkerError } from "../../src/core/worker-error.ts";
import { makeDirectory } from "../support/repository.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";

describe("a file with keys", () => {
  const lines = `# who may come in\n\nalice:${testKeys.alice}\nbob:${testKeys.bob}:2020-01-01T00:00:00Z\n`;

  it("is read, and read anew; one that is wrong leaves the keys as they are", async () => {
    using directory = makeDirectory();
    const keysFile = join(directory.path, "keys");
    writeFileSync(keysFile, lines, { mode: 0o600 });
    await using server = await startTestServer({ keys: [], keysFile });
    const ask = async (key: string): Promise<number> => (await server.request("/api/v1/tasks", { key })).status;
    expect([await ask(testKeys.alice), await ask(testKeys.bob)]).toEqual([200, 401]);
    expect(server.log.join("")).not.toContain("chmod");
    writeFileSync(keysFile, `bob:${testKeys.bob}\nAlice:secret-of-alice\n`);
    await server.reloadKeys();
    expect([await ask(testKeys.alice), await ask(testKeys.bob)]).toEqual([200, 401]);
    expect(server.log.join("")).toContain("keys:2");
    expect(server.log.join("")).not.toContain("secret-of-alice");
    writeFileSync(keysFile, `bob:${testKeys.bob}:2999-01-01\n`);
    chmodSync(keysFile, 0o644);
    await server.reloadKeys();
    expect([await ask(testKeys.alice), await ask(testKeys.bob)]).toEqual([401, 200]);
    expect(server.log.join("")).toContain("chmod 600");
  });

  it.each([
    ["is not there", null],
    ["holds no key", "# none\n"],
    ["names nobody", ":key\n"],
    ["has a name that could be a path", "../x:key\n"],
    ["has a day that does not exist", "alice:key:tomorrow\n"],
  ])("that %s is KEYS_INVALID", async (_, text) => {
    using directory = makeDirectory();
    const keysFile = join(directory.path, "keys");
    if (text !== null) writeFileSync(keysFile, text);
    const error = await startTestServer({ keys: [], keysFile }).then(() => null, toWorkerError);
    expect(error?.code).toBe("KEYS_INVALID");
  });

  it.each([
    ["a pipe that nobody writes to", (file: string) => execFileSync("mkfifo", [file])],
    ["a device without an end", (file: string) => symlinkSync("/dev/zero", file)],
    ["a directory", (file: string) => mkdirSync(file)],
  ])("that has become %s leaves the keys as they are", async (_, replace) => {
    using directory = makeDirectory();
    const keysFile = join(directory.path, "keys");
    writeFileSync(keysFile, lines, { mode: 0o600 });
    await using server = await startTestServer({ keys: [], keysFile });
    rmSync(keysFile);
    replace(keysFile);
    await server.reloadKeys();
    expect((await server.request("/api/v1/tasks")).status).toBe(200);
    expect(server.log.join("")).toContain("the keys stay as they were");
  });
});
