import axe from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { openVisit, say } from "./visit.ts";

const findFaults = `axe.run().then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join("\\n"))))`;
const key = "a-key-0123456789";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe("without a mouse", () => {
  it("leads from the key to a task's changes", async () => {
    await using visited = await openVisit(browser, { key });
    const { page, world } = visited;
    world.addTask({ title: "First" });
    world.addTask({ title: "Second" });
    await page.goto(world.url);
    await page.getByLabel("Key").waitFor();
    await page.keyboard.type(key);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Second" }).waitFor();
    const focused = (): Promise<unknown> => page.evaluate("document.activeElement?.textContent ?? ''");
    expect(await focused()).toBe("Tasks");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Refresh");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Second");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("First");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "First" }).waitFor();
    await page.getByRole("link", { name: "Changes" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Changes");
    await page.getByText("The changes can be seen when the task has ended.").waitFor();
  });

  it("can skip to the content", async () => {
    await using visited = await openVisit(browser);
    await visited.page.goto(visited.world.url);
    await visited.page.getByText("No tasks yet.").waitFor();
    await visited.page.keyboard.press("Tab");
    expect(await visited.page.evaluate("document.activeElement?.textContent")).toBe("Skip to the content");
  });
});

describe.each(["light", "dark"] as const)("for everybody, in the %s", (scheme) => {
  it.each([
    ["the key", "login", ""],
    ["the tasks", "Mend the parser", "#/"],
    ["a task", "I will look at it.", "#/tasks/01M7XKZETG0BWMV6E8N2Q0SPKK"],
    ["the form", "What is to be done", "#/new"],
  ])("%s has nothing that axe finds fault with", async (_, text, hash) => {
    await using visited = await openVisit(browser, { key: text === "login" ? key : null, scheme, width: 700 });
    const { page, world } = visited;
    const states = ["queued", "failed", "succeeded", "no_changes"] as const;
    for (const state of states) world.addTask({ state });
    const task = world.addTask({ id: "01M7XKZETG0BWMV6E8N2Q0SPKK" });
    task.append(
      say("I will look at it."),
      ["thinking", { text: "Hm." }],
      ["tool_use", { id: "1", name: "Bash", input: { command: "ls" } }],
      ["tool_result", { id: "1", isError: true, preview: "no \u001B[31m", bytes: 3 }],
      ["progress", { phase: "import" }],
    );
    await page.goto(`${world.url}/${hash}`);
    await (text === "login" ? page.getByLabel("Key") : page.getByText(text).first()).waitFor();
    await page.evaluate(axe.source);
    const faults = await page.evaluate(findFaults);
    expect(faults).toEqual([]);
  });
});

it("has landmarks and headings in their order", async () => {
  await using visited = await openVisit(browser);
  const { page, world } = visited;
  world.addTask({ id: "01M7XKZETG0BWMV6E8N2Q0SPKK" });
  await page.goto(`${world.url}/#/tasks/01M7XKZETG0BWMV6E8N2Q0SPKK`);
  await page.getByRole("heading", { name: "Mend the parser" }).waitFor();
  const tree = await page.locator("body").ariaSnapshot();
  for (const part of [
    "banner:",
    'navigation "Main":',
    "main:",
    'heading "Mend the parser" [level=1]',
    'navigation "Of this task":',
    'heading "Events" [level=2]',
    'region "Events of the task":',
    "status",
  ]) {
    expect(tree).toContain(part);
  }
});
