import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository } from "../../src/git/create-repository.ts";
import { runGit } from "../../src/git/run-git.ts";

test("a repository has one commit with the files, and is private with all directories made for it", async () => {
  const parent = mkdtempSync(join(tmpdir(), "aw-"));
  try {
    const directory = join(parent, "demo/greetings");
    const settings = { path: process.env["PATH"] ?? "", home: parent };
    const { signal } = new AbortController();
    for (let times = 0; times < 2; times += 1) {
      await createRepository(directory, { "a.txt": "one\n", "in/b.txt": "two\n" }, { settings, signal });
    }
    const { stdout } = await runGit({ settings }, ["ls-tree", "-r", "--name-only", "main"], { signal, cwd: directory });
    expect(stdout.toString()).toBe("a.txt\nin/b.txt\n");
    expect([join(parent, "demo"), directory].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});
