import { describe, expect, test } from "vitest";
import { createChangesReader } from "../../src/git/read-changes.ts";
import { openRepository } from "../../src/git/repository.ts";
import { writeBlob, writeTree } from "../support/agent-pack.ts";
import { gitSettings, makeRepository } from "../support/repository.ts";
import type { FileContent, TestRepository } from "../support/repository.ts";

const { signal } = new AbortController();

async function inspect(checkout: TestRepository, base: string, head: string) {
  const repository = await openRepository(checkout.path, gitSettings, signal);
  await using reader = createChangesReader(repository);
  return (await reader.read({ base, head }, signal)).warnings;
}

async function inspectFiles(files: Readonly<Record<string, FileContent>>) {
  using checkout = makeRepository({ "src/a.txt": "a", "README.md": "r" });
  const base = checkout.git("rev-parse", "HEAD");
  return await inspect(checkout, base, checkout.commit(files));
}

async function collide(files: Readonly<Record<string, string>>) {
  return (await inspectFiles(files)).map(({ code, message }) => `${code} ${message.split(": ")[1]}`);
}

/** Those a warning shows and those it counts. */
function countPaths(message: string): number {
  const [, more = "0"] = / and (\d+) more$/.exec(message) ?? [];
  return message.split('", "').length + Number(more);
}

describe("what a reviewer should look at", () => {
  test("has nothing to say about ordinary work", async () => {
    const files = { "src/b.txt": "b", "docs/link": { link: "../src/a.txt" }, top: { link: "." }, ".github/x.yml": "" };
    expect(await inspectFiles(files)).toEqual([]);
  });

  test("says nothing of links within the tree", async () => {
    const targets = ["..", "../..", "../../src/./a.txt", "../sibling//x", "x", "./a b/c", "..."];
    const links = targets.map((link, index) => [`docs/deep/link-${index}`, { link }] as const);
    expect(await inspectFiles(Object.fromEntries(links))).toEqual([]);
  });

  test("names what decides what runs elsewhere", async () => {
    const changed = {
      CHANGES_WORKFLOWS: ".github/workflows/ci.yml",
      CHANGES_HOOKS: ".husky/pre-commit",
      CHANGES_SUBMODULE: ".gitmodules",
      CHANGES_AGENT_CONFIG: "packages/a/.claude/settings.json",
    };
    for (const [code, path] of Object.entries(changed)) {
      expect(await inspectFiles({ [path]: "" })).toEqual([{ code, message: expect.stringContaining(`"${path}"`) }]);
    }
    expect(await inspectFiles({ ".mcp.json": "{}" })).toMatchObject([{ code: "CHANGES_AGENT_CONFIG" }]);
  });

  test("names both places of what was moved", async () => {
    const content = "a line that tells it from others\n".repeat(9);
    using checkout = makeRepository({ ".github/workflows/ci.yml": content, "a.txt": content.toUpperCase() });
    const base = checkout.git("rev-parse", "HEAD");
    checkout.git("mv", ".github/workflows/ci.yml", "ci.yml");
    checkout.git("mv", "a.txt", ".mcp.json");
    const warnings = await inspect(checkout, base, checkout.commit({}));
    expect(warnings).toEqual([
      { code: "CHANGES_WORKFLOWS", message: expect.stringContaining('".github/workflows/ci.yml"') },
      { code: "CHANGES_AGENT_CONFIG", message: expect.stringContaining('".mcp.json"') },
    ]);
  });

  test("names what steers agents, editors, tools and CI, wherever they look for it", async () => {
    const changed = {
      CHANGES_WORKFLOWS: [
        ".github/actions/x/action.yml",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        ".buildkite/pipeline.yml",
        "azure-pipelines.yml",
        "Jenkinsfile",
      ],
      CHANGES_HOOKS: [".pre-commit-config.yaml", "lefthook.yml"],
      CHANGES_AGENT_CONFIG: [
        "CLAUDE.md",
        "packages/a/agents.MD",
        ".agent-worker.yaml",
        ".env",
        ".env.local",
        ".envrc",
        ".vscode/tasks.json",
        ".devcontainer/devcontainer.json",
        ".github/copilot-instructions.md",
      ],
    };
    for (const [code, paths] of Object.entries(changed)) {
      const [warning, ...others] = await inspectFiles(Object.fromEntries(paths.map((path) => [path, "x"])));
      expect(others).toEqual([]);
      expect(warning).toMatchObject({ code });
      expect(countPaths(warning?.message ?? "")).toBe(paths.length);
    }
    const harmless = ["src/environment.ts", ".env.example", "docs/claude.md.txt", "src/.gitlab-ci.yml.txt", "vscode/x"];
    expect(await inspectFiles(Object.fromEntries(harmless.map((path) => [path, "x"])))).toEqual([]);
  });

  test("names deleted ones too", async () => {
    using checkout = makeRepository({ ".github/workflows/ci.yml": "on: push\n" });
    const base = checkout.git("rev-parse", "HEAD");
    checkout.git("rm", "--quiet", "-r", ".github");
    expect(await inspect(checkout, base, checkout.commit())).toMatchObject([{ code: "CHANGES_WORKFLOWS" }]);
  });

  test("names submodules", async () => {
    using checkout = makeRepository();
    const base = checkout.git("rev-parse", "HEAD");
    checkout.git("update-index", "--add", "--cacheinfo", `160000,${base},module`);
    checkout.git("commit", "--quiet", "--message", "Module");
    expect(await inspect(checkout, base, checkout.git("rev-parse", "HEAD"))).toEqual([
      { code: "CHANGES_SUBMODULE", message: `A submodule's commit was changed: "module"` },
    ]);
  });

  test("names links that leave the tree, point into .git, or are no link at all", async () => {
    const links = {
      "a/absolute": { link: "/etc/passwd" },
      "a/b/up": { link: "../../../x" },
      inside: { link: ".git/config" },
      "z/long": { link: `./${"x/".repeat(2_000)}x` },
    };
    const paths = Object.keys(links).map((path) => JSON.stringify(path));
    const message = `A symbolic link leaves the tree: ${paths.slice(0, 3).join(", ")}`;
    expect(await inspectFiles(links)).toEqual([{ code: "CHANGES_SYMLINK_OUTSIDE", message }]);
    using checkout = makeRepository();
    const base = checkout.git("rev-parse", "HEAD");
    const id = writeBlob(checkout.path, "x".repeat(1_000_000));
    const tree = writeTree(checkout.path, [{ mode: "120000", name: "huge", id }]);
    const head = checkout.git("commit-tree", "-p", base, "-m", "huge", tree);
    expect(await inspect(checkout, base, head)).toMatchObject([{ code: "CHANGES_SYMLINK_OUTSIDE" }]);
  });

  test("names links that may leave through another one", async () => {
    const links = {
      "a/b/c/l": { link: "../../../" },
      x: { link: "a/b/c/l/../../../../etc/passwd" },
      "y/into": { link: "../a/b/c/l/.GIT/config" },
      "z/windows": { link: String.raw`..\..\x` },
      "z/drive": { link: "c:/x" },
    };
    const message = 'A symbolic link leaves the tree: "x", "y/into", "z/drive", "z/windows"';
    expect(await inspectFiles(links)).toEqual([{ code: "CHANGES_SYMLINK_OUTSIDE", message }]);
  });

  test("says so where too many files were added to compare their names", async () => {
    using checkout = makeRepository({ "src/a.txt": "a" });
    const base = checkout.git("rev-parse", "HEAD");
    const id = writeBlob(checkout.path, "x");
    const names = Array.from({ length: 9_000 }, (_, index) => `${index + 10_000}${"n".repeat(4_000)}`);
    const tree = writeTree(checkout.path, [
      ...names.map((name) => ({ mode: "100644", name, id })),
      { mode: "40000", name: "src", id: checkout.git("rev-parse", "HEAD:src") },
    ]);
    const head = checkout.git("commit-tree", "-p", base, "-m", "long", tree);
    expect(await inspect(checkout, base, head)).toMatchObject([
      { code: "CHANGES_CASE_COLLISION", message: expect.stringContaining("Too many files") },
    ]);
  });

  test("names files and folders that differ only in case or accents", async () => {
    expect(await collide({ "Readme.md": "" })).toEqual(['CHANGES_CASE_COLLISION "README.md = Readme.md"']);
    expect(await collide({ "SRC/b.txt": "" })).toEqual(['CHANGES_CASE_COLLISION "SRC = src"']);
    expect(await collide({ "e\u0301": "", "\u00E9": "" })).toHaveLength(1);
    expect(await collide({ "src/readme.md": "" })).toEqual([]);
  });

  test("finds names that differ only in case wherever on the way to an added path they part", async () => {
    using checkout = makeRepository({ "top/x/y/z.txt": "z", "old/A": "1", "old/a": "2" });
    const base = checkout.git("rev-parse", "HEAD");
    const find = async (files: Readonly<Record<string, string>>) => {
      checkout.git("reset", "--quiet", "--hard", base);
      const warnings = await inspect(checkout, base, checkout.commit(files));
      return warnings.map(({ message }) => message.split(": ")[1]);
    };
    expect(await find({ "top/X/deep/er/w.txt": "" })).toEqual(['"top/X = top/x"']);
    expect(await find({ "TOP/x/y/z.txt": "" })).toEqual([
      '"TOP = top", "TOP/x = top/x", "TOP/x/y = top/x/y", "TOP/x/y/z.txt = top/x/y/z.txt"',
    ]);
    expect(await find({ "a\nb/c\u00C9": "", "a\nb/Ce\u0301": "" })).toHaveLength(1);
    expect(await find({ "top/x/y/A b": "", "top/x/y/a b": "" })).toEqual(['"top/x/y/A b = top/x/y/a b"']);
    // What was there before is no news, even next to what is.
    expect(await find({ "old/b": "" })).toEqual([]);
    expect(await find({ "top/x/y/Z.md": "", "top/y/x/z.txt": "" })).toEqual([]);
  });

  test("finds them in a folder whose name is no text, or more than a line, next to others that look like it", async () => {
    using checkout = makeRepository();
    const base = checkout.git("rev-parse", "HEAD");
    const id = writeBlob(checkout.path, "x");
    const [plain = "", twins = ""] = [["a"], ["A", "a"]].map((names) =>
      writeTree(
        checkout.path,
        names.map((name) => ({ mode: "100644", name, id })),
      ),
    );
    const lookalikes: readonly (readonly [Buffer, Buffer])[] = [
      [Buffer.from([0x66, 0xff]), Buffer.from("f\uFFFD")],
      [Buffer.from(`f\n${plain}`), Buffer.from("f")],
    ];
    for (const [name, other] of lookalikes) {
      const folders = [
        { mode: "40000", name, id: twins },
        { mode: "40000", name: other, id: plain },
      ].sort((one, next) => Buffer.compare(one.name, next.name));
      const head = checkout.git("commit-tree", "-p", base, "-m", "odd", writeTree(checkout.path, folders));
      expect(await inspect(checkout, base, head)).toMatchObject([{ code: "CHANGES_CASE_COLLISION" }]);
    }
  });

  test("shows five paths and counts the rest", async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`.husky/${index}`, ""]));
    const [warning] = await inspectFiles(files);
    expect(warning?.message).toMatch(/"\.husky\/4" and 3 more$/);
  });
});
