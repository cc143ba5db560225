import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toGitError } from "../../src/git/git-error.ts";
import { runGit, streamGit } from "../../src/git/run-git.ts";
import { readLiveness, readProcessIdentity } from "../../src/util/process-identity.ts";
import { gitSettings, makeDirectory, makeRepository } from "../support/repository.ts";

const self = readProcessIdentity();
const { signal } = new AbortController();

async function* endless() {
  yield Buffer.alloc(1_000_000);
  await new Promise(() => {});
}

/** A place where `git wait` writes its pid to a file, says so, and goes on until it is ended. */
function makeWaiting() {
  const directory = makeDirectory();
  const pidFile = join(directory.path, "pid");
  const alias = `!echo $$ > '${pidFile}'; echo started; exec sleep 600`;
  return {
    place: { settings: gitSettings },
    options: { cwd: directory.path, configuration: [["alias.wait", alias]] as const },
    isRunning: () =>
      readLiveness({ ...self, pid: Number(readFileSync(pidFile, "utf8")), pidStartTime: null }) === "alive",
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

describe("runGit", () => {
  test("gives and takes bytes, whatever they are", async () => {
    using checkout = makeRepository();
    const place = { settings: gitSettings, gitDirectory: join(checkout.path, ".git") };
    const input = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
    const { stdout } = await runGit(place, ["hash-object", "-w", "--stdin"], { signal, input });
    const id = stdout.toString("utf8").trim();
    expect((await runGit(place, ["cat-file", "blob", id], { signal })).stdout).toEqual(input);
  });

  test("takes an exit code for an answer where it is told to", async () => {
    using checkout = makeRepository();
    const place = { settings: gitSettings, gitDirectory: join(checkout.path, ".git") };
    const args = ["rev-parse", "--verify", "--quiet", "nothing"];
    expect(await runGit(place, args, { signal, accept: [0, 1] })).toMatchObject({ exitCode: 1 });
    await expect(runGit(place, args, { signal })).rejects.toMatchObject({
      code: "GIT_FAILED",
      message: expect.stringContaining("rev-parse failed (exit code 1)"),
    });
  });

  test("does not wait for an input that git has no use for", async () => {
    const call = runGit({ settings: gitSettings }, ["--version"], { signal, cwd: "/", input: endless() });
    expect((await call).stdout.toString("utf8")).toMatch(/^git version/);
  });

  test("ends git and its helpers when it is aborted, and throws the reason", async () => {
    using waiting = makeWaiting();
    const abort = new AbortController();
    const seen = async () => {
      for await (const chunk of streamGit(waiting.place, ["wait"], { ...waiting.options, signal: abort.signal })) {
        expect(chunk.toString("utf8")).toBe("started\n");
        expect(waiting.isRunning()).toBe(true);
        abort.abort("SIGTERM");
      }
    };
    await expect(seen()).rejects.toBe("SIGTERM");
    await expect.poll(waiting.isRunning).toBe(false);
  });

  test("says that git took too long where the signal was a time limit", async () => {
    using waiting = makeWaiting();
    const late = {
      code: "GIT_FAILED",
      message: "git wait did not end in time.",
      hint: expect.stringContaining("again"),
    };
    const limit = new AbortController();
    const seen = async () => {
      for await (const chunk of streamGit(waiting.place, ["wait"], { ...waiting.options, signal: limit.signal })) {
        expect(chunk.toString("utf8")).toBe("started\n");
        limit.abort(new DOMException("late", "TimeoutError"));
      }
    };
    await expect(seen()).rejects.toMatchObject(late);
    await expect.poll(waiting.isRunning).toBe(false);
    await expect(runGit(waiting.place, ["wait"], { ...waiting.options, signal: limit.signal })).rejects.toMatchObject(
      late,
    );
  });

  test("ends git when its reader has seen enough", async () => {
    using waiting = makeWaiting();
    for await (const chunk of streamGit(waiting.place, ["wait"], { ...waiting.options, signal })) {
      expect(chunk.toString("utf8")).toBe("started\n");
      break;
    }
    await expect.poll(waiting.isRunning).toBe(false);
  });
});

describe("toGitError", () => {
  const failure = { command: "index-pack", exitCode: 128, killedBy: null };

  test("tells a full disk, a lock and a foreign owner from other failures", () => {
    const words = {
      DISK_FULL: "fatal: write error: No space left on device",
      GIT_LOCKED: "fatal: Unable to create '/r/.git/packed-refs.lock': File exists.\n\nAnother git process...",
      REPOSITORY_OWNER: "fatal: detected dubious ownership in repository at '/r'",
      GIT_FAILED: "fatal: something else",
    };
    for (const [code, stderr] of Object.entries(words))
      expect(toGitError({ ...failure, stderr })).toMatchObject({ code });
    expect(toGitError({ ...failure, stderr: words.GIT_LOCKED }).message).toContain("/r/.git/packed-refs.lock");
  });

  test("quotes paths in commands to copy", () => {
    const lock = "fatal: Unable to create '/r/it's here/x.lock': File exists.";
    expect(toGitError({ ...failure, stderr: lock }).hint).toContain(String.raw`rm '/r/it'\''s here/x.lock'`);
    const owner = "fatal: detected dubious ownership in repository at '/r/$(id)'";
    expect(toGitError({ ...failure, stderr: owner }).hint).toContain("--add safe.directory '/r/$(id)'");
  });

  test("names the signal that ended git, and keeps only the last words", () => {
    const stderr = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");
    const { message } = toGitError({ ...failure, exitCode: null, killedBy: "SIGKILL", stderr });
    expect(message).toContain("signal SIGKILL");
    expect(message).toContain("line 49");
    expect(message).not.toContain("line 44");
  });
});
