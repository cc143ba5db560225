import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeDirectory } from "../support/repository.ts";

const launchScript = new URL("../../docker/entry/launch.sh", import.meta.url).pathname;
const ipv4Header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
const loopback = `${"0".repeat(32)} 00 ${"0".repeat(32)} 00 ${"0".repeat(32)} ffffffff 00000001 00000000 00200200       lo\n`;

/** Runs shell code that has launch.sh's functions; what is said on 5 is answered. */
function run(shell: string, code: string, ...args: readonly string[]): string {
  using directory = makeDirectory();
  const said = join(directory.path, "said");
  const program = `. "$1"; said=$2; shift 2; exec 5> "$said"; ${code}`;
  execFileSync(shell, ["-c", program, "sh", launchScript, said, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  return readFileSync(said, "utf8");
}

describe.each(["dash", "bash"])("launch.sh under %s", (shell) => {
  test.each([
    ["nothing but headers and the loopback", [ipv4Header, loopback], ""],
    [
      "a route of the loopback",
      [`${ipv4Header}lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n`, loopback],
      "",
    ],
    ["no IPv6 at all", [ipv4Header, null], ""],
    ["an IPv4 route", [`${ipv4Header}eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`, loopback], "eth0"],
    ["an IPv6 route", [ipv4Header, `${loopback}${loopback.replace(" lo", " eth1")}`], "eth1"],
  ] as const)("%s is seen for what it is", (_, tables, expected) => {
    using directory = makeDirectory();
    const files = tables.map((content, at) => {
      const file = join(directory.path, String(at));
      if (content !== null) writeFileSync(file, content);
      return file;
    });
    expect(run(shell, 'find_route "$1" "$2"; printf %s "$route" >&5', ...files)).toBe(expected);
  });

  test("a table that cannot be read counts as a way out", () => {
    expect(run(shell, 'find_route /nonexistent /nonexistent; printf %s "$route" >&5')).toContain("/nonexistent");
  });

  test("a work tree that cannot be filled is told on one line, whatever git says", () => {
    using directory = makeDirectory();
    mkdirSync(join(directory.path, "run"));
    writeFileSync(
      join(directory.path, "run/agent.sh"),
      "directory=d; program=p; put_conversation_back() { :; }; start_agent() { :; }\n",
    );
    const why = String.raw`fatal: no \c room for * \n`;
    const code = `fill() { printf '%s\\n' "$why" "$why" >&2; return 1; }; why=$2; launch "$1"`;
    expect(run(shell, code, join(directory.path, "run"), why)).toBe(`failed ${why} ${why}\n`);
  });
});
