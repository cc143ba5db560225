import { PassThrough, Writable } from "node:stream";
import type { CliContext } from "../../src/cli/context.ts";

export interface CapturedContext extends CliContext {
  readonly written: { stdout: string; stderr: string };
}

/** A context whose output is kept as text. */
export function createCapturedContext(
  given: Pick<Partial<CliContext>, "environment" | "workingDirectory" | "signal" | "buildRunner"> = {},
): CapturedContext {
  const written = { stdout: "", stderr: "" };
  const capture = (name: keyof typeof written) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString("utf8");
        done();
      },
    });
  return {
    environment: { HOME: "/nonexistent", PATH: process.env["PATH"] },
    workingDirectory: "/",
    stdin: new PassThrough(),
    stdout: capture("stdout"),
    stderr: capture("stderr"),
    buildRunner: () => Promise.reject(new Error("no runs in this test")),
    buildServerRuns: () => Promise.reject(new Error("no runs in this test")),
    buildServer: () => Promise.reject(new Error("no server in this test")),
    onHangup() {},
    signal: new AbortController().signal,
    written,
    ...given,
  };
}
