import { join } from "node:path";
import { runProgram } from "../../../src/cli/program.ts";
import { openStore } from "../../../src/store/store.ts";
import { createUlid } from "../../../src/util/ulid.ts";
import { recordOutput } from "../../support/output.ts";
import { makeDirectory } from "../../support/repository.ts";

/** A state directory with runs in it, and the command `runs`. */
export function openWorld() {
  const directory = makeDirectory();
  const state = join(directory.path, "state");
  const store = openStore(state);
  const environment = {
    AGENT_WORKER_STATE_DIR: state,
    HOME: directory.path,
    PATH: process.env["PATH"],
    DOCKER_HOST: process.env["DOCKER_HOST"],
  };
  const abort = new AbortController();
  const call = async (...argv: string[]) => {
    const [stdout, stderr] = [recordOutput(), recordOutput()];
    const exitCode = await runProgram(["runs", ...argv], {
      environment,
      workingDirectory: directory.path,
      stdin: process.stdin,
      stdout: stdout.stream,
      stderr: stderr.stream,
      signal: abort.signal,
      buildRunner: () => Promise.reject(new Error("no task is run here")),
      buildServerRuns: () => Promise.reject(new Error("no task is run here")),
      buildServer: () => Promise.reject(new Error("no server is run here")),
      onHangup() {},
    });
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  };
  const create = (title: string, runId = createUlid(), place = directory.path) =>
    store.createRun({ runId, title, repository: place, commonDirectory: join(place, ".git") });
  return { directory, state, store, abort, call, create, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}
