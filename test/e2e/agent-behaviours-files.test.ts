import { afterAll, beforeAll, expect, test } from "vitest";
import { openImitation, working } from "../support/imitation.ts";
import type { Imitation, Played } from "../support/imitation.ts";
import { expectUntouched } from "../support/imitation-world.ts";
import { countLines, listChangedFiles, toIndependent } from "../support/independent-diff.ts";

// What the agent does to its work tree: kept whole, and told exactly.

let imitation: Imitation;
beforeAll(async () => {
  imitation = await openImitation();
});
afterAll(() => imitation[Symbol.asyncDispose]());

const lines = (word: string, count = 40): string =>
  Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join("");

function expectExactReport({ report, repository }: Played): void {
  const { stats } = report;
  const base = report.repository.base.sha;
  expect(toIndependent(stats.files)).toEqual(listChangedFiles(repository.path, base, "work"));
  expect({ insertions: stats.insertions, deletions: stats.deletions }).toEqual(
    countLines(repository.path, base, "work"),
  );
  expect(stats.filesChanged).toBe(stats.files.length);
}

test("renames, copies, modes, links, binaries and odd names are exact in the report", async () => {
  await using played = await imitation.play(
    working({
      shell: [
        "mv old.txt 'new name.txt' && echo extra >> 'new name.txt'",
        "cp source.txt copy.txt && echo more >> source.txt",
        "chmod +x script.sh",
        "rm gone.txt && rm was-file.txt && ln -s README.md was-file.txt",
        "ln -s /etc/passwd outside && ln -s source.txt inside",
        "head -c 3000 /dev/urandom > image.png && printf 'a\\0b' > blob.txt",
        "echo x > $'line\\nbreak.txt' && echo x > $'tab\\there' && echo x > $'quote\"d.txt'",
        "echo x > $'latin-\\xe9.txt' && echo x > ' lead' && echo x > 'ünïcode ☃.txt'",
        "echo x > ./-rf && echo x > ./--help && echo x > ':(glob)*' && echo x > '*'",
        "mkdir -p deep/a/b/c && echo x > deep/a/b/c/file && printf 'no newline' > end.txt && : > empty.txt",
        "git init -q sub && git -C sub -c user.name=x -c user.email=x@x commit -q --allow-empty -m sub",
        "git update-index --add --cacheinfo 160000,$(git -C sub rev-parse HEAD),module",
        "git -c user.name=x -c user.email=x@x commit -q -m 'Add a link to a submodule' && mkdir module && rm -rf sub/.git && echo x > sub/file",
      ].join("\n"),
    }),
    {
      files: {
        "README.md": "# A project\n",
        "old.txt": lines("old"),
        "source.txt": lines("source"),
        "script.sh": "#!/bin/sh\n",
        "gone.txt": lines("gone", 3),
        "was-file.txt": "a file\n",
      },
    },
  );
  expectUntouched(played);
  expect(played.report).toMatchObject({ outcome: "succeeded", stats: { commits: 2 } });
  expectExactReport(played);
  const byPath = new Map(played.report.stats.files.map((file) => [file.path, file]));
  expect(byPath.get("new name.txt")).toMatchObject({ status: "renamed", from: "old.txt", insertions: 1, deletions: 0 });
  expect(byPath.get("copy.txt")).toMatchObject({ status: "copied", from: "source.txt", insertions: 0 });
  expect(byPath.get("script.sh")).toMatchObject({ status: "modified", insertions: 0, deletions: 0, binary: false });
  expect(byPath.get("was-file.txt")).toMatchObject({ status: "typechange" });
  expect(byPath.get("image.png")).toMatchObject({ status: "added", insertions: null, deletions: null, binary: true });
  expect(byPath.get("line\nbreak.txt")).toMatchObject({ status: "added", insertions: 1 });
  expect(byPath.get("latin-\ufffd.txt")?.pathB64).toBe(Buffer.from("latin-\xe9.txt", "latin1").toString("base64"));
  expect(byPath.get("module")).toMatchObject({ status: "added" });
  expect(played.repository.git("ls-tree", "work", "script.sh")).toMatch(/^100755 /);
  expect(played.repository.git("ls-tree", "work", "module")).toMatch(/^160000 /);
  expect(played.warnings).toEqual(expect.arrayContaining(["CHANGES_SUBMODULE", "CHANGES_SYMLINK_OUTSIDE"]));
});

test("sockets and pipes are passed over; what the agent made unreadable is kept", async () => {
  await using played = await imitation.play(
    working(
      { shell: "mkfifo pipe && echo secret > shut.txt && chmod 000 shut.txt && mkdir shut && echo in > shut/in.txt" },
      { node: `import { createServer } from "node:net"; createServer().listen("socket", () => process.exit(0));` },
      {
        shell: "chmod 000 shut && mkdir locked && echo x > locked/x && chmod 555 locked . && umask 777 && chmod 755 .",
      },
    ),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.list()).toEqual(["README.md", "locked/x", "shut.txt", "shut/in.txt"]);
  expectExactReport(played);
});

test("10,000 new files are all kept", async () => {
  await using played = await imitation.play(
    working({
      node: `import { mkdirSync, writeFileSync } from "node:fs";
for (let index = 0; index < 10_000; index += 1) {
  if (index % 100 === 0) mkdirSync("many/" + index / 100, { recursive: true });
  writeFileSync("many/" + Math.floor(index / 100) + "/" + index, index + "\\n");
}`,
    }),
  );
  expectUntouched(played);
  expect(played.report).toMatchObject({
    outcome: "succeeded",
    stats: { filesChanged: 10_000, insertions: 10_000, truncated: false },
  });
  expectExactReport(played);
});

test("a binary of 60 MB is kept byte for byte", async () => {
  await using played = await imitation.play(
    working({ shell: "head -c 60000000 /dev/urandom > big.bin && sha256sum < big.bin > sum" }),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.report.stats.files).toMatchObject([{ path: "big.bin", binary: true }, { path: "sum" }]);
  expect(played.repository.git("cat-file", "-s", "work:big.bin")).toBe("60000000");
});

test("an agent that deletes every file gets just that", async () => {
  await using played = await imitation.play(working({ shell: "git rm -rq . && rm -rf ./*" }), {
    files: { "a.txt": "a\n", "b/c.txt": "c\n" },
  });
  expectUntouched(played);
  expect(played.report).toMatchObject({ outcome: "succeeded", stats: { filesChanged: 2, deletions: 2 } });
  expect(played.list()).toEqual([]);
});

test("an agent that deletes the work tree itself is told so, and no branch is left", async () => {
  await using played = await imitation.play(working({ shell: 'cd / && rm -rf "$OLDPWD"' }));
  expectUntouched(played);
  expect(played.report).toMatchObject({ branch: null, stats: { commits: 0 } });
  expect(played.warnings).toEqual(["WORKSPACE_DELETED"]);
});

test("the agent's own commits stay as they are, and what it left over is one commit on top", async () => {
  await using played = await imitation.play(
    working({
      shell: [
        "export GIT_AUTHOR_DATE='2001-02-03T04:05:06+07:00' GIT_COMMITTER_DATE='2039-01-01T00:00:00Z'",
        "echo one > one && git add one && git -c user.name='Linus T' -c user.email=root@kernel.org commit -q -m 'first'",
        "echo two > two && git add two && echo three > three",
      ].join("\n"),
    }),
  );
  expectUntouched(played);
  expect(played.report.stats.commits).toBe(2);
  expect(played.repository.git("log", "--format=%an <%ae> %aI %cI %s", "work~1", "-1")).toBe(
    "Linus T <root@kernel.org> 2001-02-03T04:05:06+07:00 2039-01-01T00:00:00+00:00 first",
  );
  expect(played.repository.git("show", "--format=%an", "--name-only", "work")).toBe("agent-worker\n\nthree\ntwo");
});
