import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposableSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { makeDirectory } from "./support/repository.ts";

const main = new URL("../src/main.ts", import.meta.url).pathname;
const signals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

function start(argv: readonly string[], environment: Record<string, string>) {
  const env = { PATH: process.env["PATH"], ...environment };
  const child = spawn(process.execPath, [main, ...argv], { cwd: environment["HOME"], env });
  child.stdin.on("error", () => undefined);
  const ended = Promise.all([once(child, "close"), text(child.stderr), text(child.stdout)]);
  return {
    child,
    ended: ended.then(([[exitCode], stderr, stdout]) => ({ exitCode: exitCode as number, stderr, stdout })),
  };
}

describe.each(signals)("%s", (signal, exitCode) => {
  it(`ends the wait for a task on stdin: exit code ${exitCode}`, async () => {
    using home = makeDirectory();
    const { child, ended } = start(["--task-file", "-"], { HOME: home.path });
    // More than a pipe holds: once it is written, the program reads.
    await new Promise((resolve) => child.stdin.write(Buffer.alloc(1024 * 1024, "x"), resolve));
    child.kill(signal);
    expect(await ended).toEqual({ exitCode, stderr: "", stdout: "" });
  });

  it(`while the engine is asked outside of a run: exit code ${exitCode}`, async () => {
    using home = makeDirectory();
    using sockets = mkdtempDisposableSync(join(tmpdir(), "aw-"));
    const socket = join(sockets.path, "engine.sock");
    const server = createServer((connection) => {
      connection.on("error", () => undefined);
      connection.once("data", () => child.kill(signal));
    });
    server.listen(socket);
    await once(server, "listening");
    const { child, ended } = start(["image", "list"], { HOME: home.path, DOCKER_HOST: `unix://${socket}` });
    const end = await ended;
    server.close();
    expect(end).toEqual({ exitCode, stderr: "", stdout: "" });
  });
});
