import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { conversationTarget, formatLaunchScript } from "../../src/container/launch-script.ts";
import type { Launch } from "../../src/container/launch-script.ts";
import { makeDirectory } from "../support/repository.ts";

const odd = ["", " two  words ", "it's", '$(touch /tmp/x) `id` \\ "', "a\nline\n", "é\u{1F600}", "-n", "*", "A=b"];
const program = "/bin/sh";
const launch: Launch = {
  directory: "project",
  argv: [program, "-c", String.raw`printf '%s\0' "$@"; printf 'ENV\0'; env -0`, "sh", ...odd],
  environment: { PATH: "/usr/bin:/bin", ODD: odd.join("|") },
  continued: null,
};

function runScript(text: string, command: string): string {
  using directory = makeDirectory();
  const file = join(directory.path, "agent.sh");
  writeFileSync(file, text);
  return execFileSync("/bin/sh", ["-c", `. "$0"; ${command}`, file], { encoding: "utf8" });
}

test("arguments and environment reach the program byte for byte, and nothing else does", () => {
  const [told = "", environment = ""] = runScript(formatLaunchScript(launch), "start_agent").split("ENV\0");
  expect(told.split("\0").slice(0, -1)).toEqual(odd);
  const variables = environment.split("\0").filter((variable) => /^(?!PWD=|OLDPWD=|SHLVL=|_=)./.test(variable));
  expect(variables.toSorted()).toEqual([`ODD=${odd.join("|")}`, "PATH=/usr/bin:/bin"]);
});

test("the program runs in a session of its own", () => {
  const ask: Launch = { ...launch, argv: [program, "-c", "ps -o sid= -p $$; echo $$"] };
  const [session, process] = runScript(formatLaunchScript(ask), "start_agent & wait").trim().split(/\s+/);
  expect(session).toBe(process);
});

test("the directory and the program are told", () => {
  const script = formatLaunchScript({ ...launch, directory: "it's" });
  expect(runScript(script, String.raw`printf '%s\n' "$directory" "$program"`)).toBe("it's\n/bin/sh\n");
  expect(runScript(script, "put_conversation_back && echo done")).toBe("done\n");
});

test("a conversation that is continued is put back for its owner alone, without the lines that are left out", () => {
  using directory = makeDirectory();
  const earlier = join(directory.path, "earlier");
  const lines = [
    '{"type":"user"}',
    '{"type":"cost-state","x":1}',
    'not {"type":"cost-state"',
    "\u0001\xff[.*]/x",
    "last",
  ];
  writeFileSync(earlier, `${lines.join("\n")}\n`, "latin1");
  const file = join(directory.path, "it's", "deep", "talk.jsonl");
  mkdirSync(join(directory.path, "it's"));
  const put = (omitted: string): readonly string[] => {
    const script = formatLaunchScript({ ...launch, continued: { file, omitted } });
    runScript(script.replaceAll(conversationTarget, `'${earlier}'`), "put_conversation_back");
    return readFileSync(file, "latin1").split("\n").slice(0, -1);
  };
  expect(put('{"type":"cost-state"')).toEqual(lines.filter((_, at) => at !== 1));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
  expect(put("\u0001")).toEqual(lines.filter((_, at) => at !== 3));
  expect(put("[.*]/")).toEqual(lines);
  expect(put("")).toEqual(lines);
});
