import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GitSettings } from "../../src/git/git-environment.ts";

/** What a file is to be: its content, a link's target, or a program's text. */
export type FileContent = string | Uint8Array | { readonly link: string } | { readonly program: string };

export interface TestDirectory extends Disposable {
  readonly path: string;
}

export interface TestRepository extends TestDirectory {
  /** Runs git there and returns what it says, without the last line break. */
  git(...args: readonly string[]): string;
  /** Writes files into the work tree. */
  write(files: Readonly<Record<string, FileContent>>): void;
  /** Writes files, commits everything, and returns the commit's id. */
  commit(files?: Readonly<Record<string, FileContent>>, message?: string): string;
}

export interface RepositoryOptions {
  /** Default: a new temporary directory, removed with the repository. */
  readonly path?: string;
  /** Arguments of `git init`. */
  readonly init?: readonly string[];
}

/** The settings of the git layer for tests. */
export const gitSettings: GitSettings = { path: process.env["PATH"] ?? "", home: "/nonexistent" };

const environment = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  LC_ALL: "C.UTF-8",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A Tester",
  GIT_AUTHOR_EMAIL: "tester@example.org",
  GIT_COMMITTER_NAME: "A Tester",
  GIT_COMMITTER_EMAIL: "tester@example.org",
  GIT_ALLOW_PROTOCOL: "file",
};

/** An empty temporary directory; its name has a space and a letter beyond ASCII. */
export function makeDirectory(prefix = "agent-worker tést-"): TestDirectory {
  const path = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs git as a user would, with nothing of this machine's configuration. */
export function runTestGit(cwd: string, args: readonly string[], input?: string | Uint8Array): Buffer {
  return execFileSync("git", [...args], {
    cwd,
    env: environment,
    input,
    maxBuffer: 2 ** 30,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** A real repository with branch `main` and, where there are files, one commit that holds them. */
export function makeRepository(
  files: Readonly<Record<string, FileContent>> = { "README.md": "# Hello\n" },
  options: RepositoryOptions = {},
): TestRepository {
  const directory = options.path === undefined ? makeDirectory() : undefined;
  const path = options.path ?? directory?.path ?? "";
  mkdirSync(path, { recursive: true });
  runTestGit(path, ["init", "--quiet", "--initial-branch=main", ...(options.init ?? [])]);
  const repository = attachRepository(path);
  if (Object.keys(files).length > 0) repository.commit(files);
  return { ...repository, [Symbol.dispose]: () => directory?.[Symbol.dispose]() };
}

/** A repository that is there already: a clone, a linked work tree. It is not removed. */
export function attachRepository(path: string): TestRepository {
  const git = (...args: readonly string[]): string => runTestGit(path, args).toString("utf8").replace(/\n$/, "");
  const write = (files: Readonly<Record<string, FileContent>>): void => {
    for (const [name, content] of Object.entries(files)) writeTestFile(join(path, name), content);
  };
  return {
    path,
    git,
    write,
    commit(files = {}, message = "Change") {
      write(files);
      git("add", "--all", "--force");
      git("commit", "--quiet", "--allow-empty", "--message", message);
      return git("rev-parse", "HEAD");
    },
    [Symbol.dispose]() {},
  };
}

function writeTestFile(path: string, content: FileContent): void {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof content === "string" || content instanceof Uint8Array) return writeFileSync(path, content);
  if ("link" in content) return symlinkSync(content.link, path);
  writeFileSync(path, content.program);
  chmodSync(path, 0o755);
}
