import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildHostileConfiguration, hookNames, makeCanaryProgram } from "../support/canary-program.ts";
import { openImitation, working } from "../support/imitation.ts";
import type { Imitation, PlayOptions } from "../support/imitation.ts";

// The user's own repository names programs, as any cloned directory may: none of them is needed, so none is run.

let imitation: Imitation;
beforeAll(async () => {
  imitation = await openImitation();
});
afterAll(() => imitation[Symbol.asyncDispose]());

const files = { "data.txt": "one\n", ".gitattributes": "* filter=canary diff=canary merge=canary\n" };
const steps = working({
  shell: "echo two > data.txt; echo new > new.txt; mv .gitattributes attributes; cp data.txt copy.txt",
});

function prepareWith(program: string): NonNullable<PlayOptions["prepare"]> {
  return ({ repository }) => {
    for (const name of hookNames) {
      repository.write({ [`.git/hooks/${name}`]: { program: `#!/bin/sh\nexec '${program}'\n` } });
    }
    repository.write({ ".git/info/attributes": files[".gitattributes"] });
    // Last: with these the test's own git would run the program too.
    appendFileSync(
      join(repository.path, ".git/config"),
      buildHostileConfiguration(program).map(formatSetting).join(""),
    );
  };
}

function formatSetting([key, value]: readonly [key: string, value: string]): string {
  const [section = "", ...names] = key.split(".");
  const name = names.pop() ?? "";
  const title = names.length === 0 ? section : `${section} "${names.join(".")}"`;
  return `[${title}]\n\t${name} = ${value}\n`;
}

test("hooks, filters, external diffs and all other programs of the user's repository are not run", async () => {
  using canary = makeCanaryProgram();
  let hasRun: boolean | undefined;
  await using played = await imitation.play(steps, {
    files,
    prepare: prepareWith(canary.path),
    inspect: () => (hasRun = canary.hasRun()),
  });
  expect(hasRun).toBe(false);
  expect(played.report).toMatchObject({ outcome: "succeeded", stats: { commits: 1 } });
  // The canary works: the same commands with the repository's own settings do run it.
  played.repository.git("-c", "core.fsmonitor=false", "diff", "work~1", "work");
  expect(canary.hasRun()).toBe(true);
  expect(played.after).toEqual(played.before);
  expect(played.leftovers).toEqual([]);
});
