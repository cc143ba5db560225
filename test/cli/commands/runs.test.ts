import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderJson } from "../../../src/report/render-json.ts";
import { samples } from "../../report/samples.ts";
import { openWorld } from "./runs-world.ts";

const event = (seq: number, type: string, data: object): string =>
  `${JSON.stringify({ v: 1, runId: "r", seq, ts: `2026-01-02T03:04:0${seq}.678Z`, type, data })}\n`;

/** The user's own time of day. */
const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds)).toTimeString().slice(0, 8);

describe("runs list", () => {
  it("shows how each run stands, the newest first", async () => {
    using world = openWorld();
    const ended = world.create("Old one", "01ARYZ6S41TSV4RRFFQ69G5FAV");
    ended.update({ outcome: "no_changes", endedAt: new Date().toISOString() });
    world.create("New \u001B[31mone", "01BRYZ6S41TSV4RRFFQ69G5FAV");
    mkdirSync(join(world.state, "runs", "odd"));
    const { stdout, exitCode } = await world.call("list");
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").map((line) => line.replace(/\d+s ago/, "now"))).toEqual([
      `${"odd".padEnd(37)}damaged      run.json: ENOENT`,
      String.raw`01BRYZ6S41TSV4RRFFQ69G5FAV   now  running      New \x1b[31mone`,
      "01ARYZ6S41TSV4RRFFQ69G5FAV   now  no changes   Old one",
      "",
    ]);
  });

  it("prints JSON", async () => {
    using world = openWorld();
    world.create("One");
    const { stdout } = await world.call("list", "--json");
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ state: "running", record: expect.objectContaining({ title: "One" }) }),
    ]);
  });

  it("says so where there is none", async () => {
    using world = openWorld();
    expect(await world.call("list")).toEqual({ exitCode: 0, stdout: "", stderr: "There are no runs yet.\n" });
    expect((await world.call("list", "--json")).stdout).toBe("[]\n");
  });
});

describe("runs show", () => {
  it("prints the report as the run did", async () => {
    using world = openWorld();
    const files = world.create("One");
    writeFileSync(files.report, JSON.stringify(samples.failed));
    expect((await world.call("show", "latest")).stdout).toMatch(
      /^✗ Failed {2}Upgrade eslint[^]*git -C \/home\/ann\/project diff/,
    );
    expect((await world.call("show", "latest", "--json")).stdout).toBe(renderJson(samples.failed));
  });

  it("prints what is known where there is no report", async () => {
    using world = openWorld();
    const files = world.create("One");
    const { stdout } = await world.call("show", "latest");
    expect(stdout).toMatch(/^running {2}One\n\n {2}Branch {3}none yet\n/);
    expect(stdout).toContain(`Files    ${files.directory}\n`);
    expect(JSON.parse((await world.call("show", "latest", "--json")).stdout)).toMatchObject({ state: "running" });
  });

  it("throws RUN_NOT_FOUND for a run that is not there", async () => {
    using world = openWorld();
    await expect(world.call("show", "nope")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });
});

describe("runs logs", () => {
  it("prints events for people, also those of other versions, and leaves out a torn line", async () => {
    using world = openWorld();
    const files = world.create("One");
    writeFileSync(
      files.events,
      event(1, "message", { text: "Hello.\n\u001B[2JBye." }) +
        event(2, "tool_use", { id: "t", name: "Bash", input: { command: "npm test\nrm x" } }) +
        event(3, "tool_result", { id: "t", isError: true, preview: "boom\nmore", bytes: 9 }) +
        event(4, "from.the.future", {}) +
        event(5, "message", { text: "lost" }).slice(0, -9),
    );
    expect((await world.call("logs", "latest")).stdout.split("\n")).toEqual([
      `${at(1)}  Hello.`,
      String.raw`          \x1b[2JBye.`,
      `${at(2)}  → Bash npm test`,
      `${at(3)}    ✗ boom`,
      `${at(4)}  from.the.future`,
      "",
    ]);
  });

  it("says so where there is nothing in it", async () => {
    using world = openWorld();
    world.create("One");
    expect(await world.call("logs", "latest", "--log", "stderr")).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "There is nothing in this log.\n",
    });
  });

  it("prints the lines of each log as they are stored", async () => {
    using world = openWorld();
    const files = world.create("One");
    writeFileSync(files.events, event(1, "message", { text: "hello" }));
    writeFileSync(files.agent, '{"type":"system"}\nnot json\n');
    writeFileSync(files.stderr, "oops \u001B[31m\n");
    expect((await world.call("logs", "latest", "--json")).stdout).toBe(event(1, "message", { text: "hello" }));
    expect((await world.call("logs", "latest", "--json", "--log", "agent")).stdout).toBe(
      '{"type":"system"}\nnot json\n',
    );
    expect((await world.call("logs", "latest", "--log", "stderr")).stdout).toBe(`oops ${String.raw`\x1b[31m`}\n`);
  });

  it("prints JSON that no terminal obeys and that reads the same", async () => {
    using world = openWorld();
    const files = world.create("One");
    const odd = { text: "\u001B[2J \u009B2J \u202E \u2028 \u200D" };
    const stored = `{"type":\t"message",${JSON.stringify(odd).slice(1)}`;
    writeFileSync(files.agent, `${stored}\r\nnot json \u001B[2J\n`);
    const { stdout } = await world.call("logs", "latest", "--json", "--log", "agent");
    const [json = "", other] = stdout.split("\n");
    expect(JSON.parse(json)).toEqual({ type: "message", ...odd });
    expect(json).toMatch(/^[ -~]*$/);
    expect(other).toBe(String.raw`not json \x1b[2J`);
  });

  it("prints nothing for a log that was never written", async () => {
    using world = openWorld();
    world.create("One");
    expect((await world.call("logs", "latest")).stdout).toBe("");
  });

  it("follows a run until it has ended", async () => {
    using world = openWorld();
    const files = world.create("One");
    writeFileSync(files.events, event(1, "message", { text: "first" }));
    const called = world.call("logs", "latest", "--follow");
    appendFileSync(files.events, event(2, "message", { text: "second" }));
    files.update({ outcome: "succeeded", endedAt: new Date().toISOString() });
    expect((await called).stdout).toBe("03:04:01  first\n03:04:02  second\n");
  });
});
