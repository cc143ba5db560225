import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyUsage } from "../../src/core/empty.ts";
import { launchBrowser } from "../support/browser.ts";
import { openVisit, say } from "./visit.ts";

const key = "a-key-0123456789";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe("the list of tasks", () => {
  it("shows tasks page by page, and those of a state", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    for (let index = 1; index <= 30; index += 1) {
      world.addTask({ title: `Task ${index}.`, state: index % 10 === 0 ? "failed" : "succeeded" });
    }
    await page.goto(world.url);
    await page.getByRole("link", { name: "Task 30." }).waitFor();
    expect(await page.getByRole("list", { name: "Tasks" }).getByRole("listitem").count()).toBe(25);
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByRole("link", { name: "Task 5." }).waitFor();
    expect(await page.getByRole("button", { name: "Older" }).isDisabled()).toBe(true);
    await page.getByLabel("State").selectOption({ label: "Failed" });
    await page.getByRole("link", { name: "Task 30." }).waitFor();
    expect(await page.getByRole("list", { name: "Tasks" }).getByRole("link").allTextContents()).toEqual([
      "Task 30.",
      "Task 20.",
      "Task 10.",
    ]);
  });

  it("shows by itself what has become of tasks", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    const task = world.addTask({ title: "Mend the parser", state: "queued" });
    await page.goto(world.url);
    const badge = page.getByRole("list", { name: "Tasks" }).locator(".badge");
    await expect.poll(() => badge.allTextContents()).toEqual(["Queued"]);
    task.change({ state: "running" });
    await expect.poll(() => badge.allTextContents(), { timeout: 20_000 }).toEqual(["Running"]);
  });
});

describe("a task", () => {
  it("shows events as they come, and its end with figures, changes and report", async () => {
    await using visited = await openVisit(browser, { key });
    const { page, world, complaints } = visited;
    const task = world.addTask();
    task.append(say("I will look at the tests."));
    await page.goto(world.url);
    await page.getByLabel("Key").fill(key);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Mend the parser" }).click();
    await page.getByText("I will look at the tests.").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    task.append(["tool_use", { id: "1", name: "Edit", input: { file_path: "parser.ts" } }], say("Now it works."));
    await page.getByText("Now it works.").waitFor();
    task.diff =
      "diff --git a/parser.ts b/parser.ts\nindex 1..2 100644\n--- a/parser.ts\n+++ b/parser.ts\n@@ -1 +1 @@\n-old\n+new\n";
    task.change({ state: "succeeded", endedAt: "2026-11-20T10:12:00.000Z" });
    task.append([
      "complete",
      { outcome: "succeeded", reason: null, usage: { ...emptyUsage, turns: 7, costUsd: 0.25 } },
    ]);
    await page.locator(".state-row").getByText("Succeeded").waitFor();
    const figures = await page.locator(".figures > div").allInnerTexts();
    expect(figures.map((text) => text.replaceAll("\n", " ").trim())).toEqual([
      "Turns 7",
      "Tokens in 0 0 from the cache",
      "Tokens out 0",
      "Cost $0.2500",
      "Files edited 1",
      "Elapsed 59 s",
    ]);
    await page.getByRole("link", { name: "Changes" }).click();
    await page.getByText("+new").waitFor();
    expect(complaints).toEqual([]);
  });

  it("can be stopped, at once when asked again", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    const { task } = world.addTask();
    await page.goto(`${world.url}/#/tasks/${task.id}`);
    await page.getByRole("button", { name: "Interrupt" }).click();
    await page.getByRole("button", { name: "Stop at once" }).click();
    await expect.poll(() => world.bodies).toEqual([{ mode: "graceful" }, { mode: "force" }]);
  });

  it("says that there is none, where there is none", async () => {
    await using visited = await openVisit(browser);
    await visited.page.goto(`${visited.world.url}/#/tasks/01M7XKZETG0BWMV6E8N2Q0SPKK`);
    await expect.poll(() => visited.page.locator("main").innerText()).toContain("There is no such task.");
  });
});

describe("what an agent says", () => {
  it("stays text, whatever it is", async () => {
    await using visited = await openVisit(browser);
    const { page, world, complaints } = visited;
    const hostile = '<img src=x onerror="document.title=1"></script><script>alert(1)</script>';
    const task = world.addTask({
      title: hostile,
      state: "failed",
      endedAt: "2026-11-20T10:12:00.000Z",
      reason: { code: "AGENT_ERROR", message: hostile, hint: null },
      model: hostile,
    } as never);
    task.diff = `diff --git a/${hostile} b/${hostile}\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+${hostile}\n`;
    task.append(
      say(hostile),
      ["thinking", { text: hostile }],
      ["tool_use", { id: "1", name: hostile, input: { command: hostile } }],
      ["tool_result", { id: "1", isError: true, preview: hostile, bytes: 3 }],
      [hostile, { text: hostile }],
      ["complete", { outcome: hostile, reason: { message: hostile } }],
    );
    await page.goto(world.url);
    await page.getByRole("link", { name: hostile }).click();
    await page.getByRole("heading", { name: hostile }).waitFor();
    await page.getByLabel("Show").selectOption({ label: "Everything" });
    await expect.poll(() => page.locator(".event").count()).toBe(6);
    await page.getByRole("link", { name: "Changes" }).click();
    await page.getByText(`+${hostile}`).waitFor();
    expect(await page.locator("main img, main script, main iframe, main [onerror]").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("hides and reorders nothing", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    const task = world.addTask({ title: "a\u202Eb" });
    task.append(say("\u001B[2Jgone \u202Eesrever\u2069 zero\u200Bwidth\r\nnext\tline 👩\u200D💻"));
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByRole("heading", { name: "aU+202Eb" }).waitFor();
    const text = page.locator(".event .text").first();
    await expect
      .poll(() => text.textContent())
      .toBe("␛[2Jgone U+202EesreverU+2069 zeroU+200Bwidth\nnext\tline 👩\u200D💻");
    expect(await text.locator(".control").count()).toBe(4);
  });
});
