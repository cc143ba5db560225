import { execFile } from "node:child_process";
import { testKeys } from "./task-server.ts";

export interface RemoteGitResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git as a client of a server in this very process, so without blocking it. */
export function runRemoteGit(
  cwd: string,
  args: readonly string[],
  { key = testKeys.alice }: { readonly key?: string } = {},
): Promise<RemoteGitResult> {
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: `Authorization: Bearer ${key}`,
  };
  return new Promise((resolve) => {
    execFile("git", [...args], { cwd, env: environment, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
