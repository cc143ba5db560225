import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDirectory } from "../support/repository.ts";
import { createWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly text?: string }[];
}

/** The texts of the user's messages that the model was sent. */
function readPrompts({ model }: World): readonly string[] {
  return model.requests
    .filter(({ mainLoop }) => mainLoop)
    .flatMap(({ body }) => (body as { messages: readonly Message[] }).messages)
    .filter(({ role }) => role === "user")
    .flatMap(({ content }) => (typeof content === "string" ? [content] : content.map(({ text = "" }) => text)));
}

const large = Array.from({ length: 20_000 }, (_, index) => `line ${index} of a long "prompt" with \\ and ü\n`).join("");
const prompts: readonly (readonly [string, string])[] = [
  ["quotes and backslashes", `say "it's" \`so\` \\n \\\\ '"'"'`],
  ["what a shell would carry out", "$(touch /tmp/never) `id` $HOME ${PATH} ; rm -rf / & | > < * ? ~ !x"],
  ["a leading dash", "--model evil --help"],
  ["a slash command's look", "// not a command, and @no-such-file"],
  ["line breaks, tabs and blanks at both ends", "\n\n  first\r\n\tsecond  \n\n"],
  ["letters of everywhere", "naïve 日本語 🧑‍💻 عربى e\u0301 \u202ereversed"],
  ["1 MB", large],
];

describe("a prompt", () => {
  it.each(prompts)("with %s reaches the model as it was given, in a file", async (_, prompt) => {
    using directory = makeDirectory();
    const file = join(directory.path, "task.txt");
    writeFileSync(file, prompt);
    await using world = await createWorld({ scenario: "no-changes" });
    const { report } = await world.runTask(["--task-file", file]);
    expect([report.outcome, report.reason]).toEqual(["no_changes", null]);
    expect(readPrompts(world)).toContain(prompt);
    expect(report.task.prompt).toBe(prompt);
  });

  it.each(prompts.slice(0, -1))("with %s reaches the model as it was given, as an argument", async (_, prompt) => {
    await using world = await createWorld({ scenario: "no-changes" });
    const { report } = await world.runTask([`--task=${prompt}`]);
    expect([report.outcome, report.reason]).toEqual(["no_changes", null]);
    expect(readPrompts(world)).toContain(prompt);
  });

  it("reaches the model from stdin", async () => {
    await using world = await createWorld({ scenario: "no-changes" });
    const { report } = await world.runTask(["--task-file", "-"], { stdin: large });
    expect(report.outcome).toBe("no_changes");
    expect(readPrompts(world)).toContain(large);
  });

  it("that is not UTF-8 reaches the agent byte for byte, and the model as far as JSON can carry it", async () => {
    await using world = await createWorld({ scenario: "no-changes" });
    const bytes = Buffer.from([0x66, 0x69, 0x78, 0x20, 0xff, 0xfe, 0x20, 0xc3, 0x28, 0x00, 0x7f, 0x2e]);
    const { report } = await world.runTask(["--task-file", "-"], { stdin: bytes });
    expect(report.outcome).toBe("no_changes");
    expect(readPrompts(world)).toContain(bytes.toString());
  });
});
