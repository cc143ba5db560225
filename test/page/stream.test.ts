import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { openVisit, say } from "./visit.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe("the events of a task", () => {
  it("goes on after the last event it has when the server closes the socket", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    const task = world.addTask();
    task.append(say("one"));
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByText("Live", { exact: true }).waitFor();
    for (const word of ["two", "three", "four"]) {
      world.closeSockets(1012);
      task.append(say(word));
      await page.getByText(word, { exact: true }).waitFor();
    }
    expect(await page.locator(".event .text").allTextContents()).toEqual(["one", "two", "three", "four"]);
  });

  it("asks for events where sockets do not get through", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    world.allowSockets = false;
    const task = world.addTask();
    task.append(say("one"));
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByText("Live, without a socket").waitFor();
    task.append(say("two"));
    await page.getByText("two", { exact: true }).waitFor();
    expect(await page.locator(".event .text").allTextContents()).toEqual(["one", "two"]);
  });

  it("keeps thousands of events at hand and a thousand on the page", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    const task = world.addTask();
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByText("Live", { exact: true }).waitFor();
    task.append(...Array.from({ length: 5_000 }, (_, index) => say(`event ${index + 1}.`)));
    await page.getByText("event 5000.").waitFor();
    expect(await page.locator(".event").count()).toBe(1_000);
    await page.getByRole("button", { name: "Show earlier events" }).click();
    await page.getByText("event 3801.").waitFor();
    expect(await page.locator(".event").count()).toBe(1_000);
    task.append(say("the last"));
    await page.getByRole("button", { name: "Jump to the latest" }).click();
    await page.getByText("the last").waitFor();
    const first = await page.locator(".event .text").first().textContent();
    expect(first).toMatch(/^event 480[12]\.$/);
  });

  it("begins anew when the server has another log", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    const task = world.addTask();
    task.append(say("one"), say("two"));
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByText("two", { exact: true }).waitFor();
    world.beginAnew("epoch-2");
    task.append(say("three"));
    world.closeSockets(1012);
    await page.getByText("three", { exact: true }).waitFor();
    expect(await page.locator(".event .text").allTextContents()).toEqual(["three"]);
  });

  it("are all in the file that can be saved", async () => {
    await using visited = await openVisit(browser);
    const { page, world, complaints } = visited;
    const task = world.addTask();
    task.append(...Array.from({ length: 2_500 }, (_, index) => say(`event ${index + 1}.`)));
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByText("event 2500.").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save all" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${task.task.id}.ndjson`);
    const saved = await readFile(await download.path(), "utf8");
    expect(saved.trimEnd().split("\n")).toEqual(task.events);
    expect(complaints).toEqual([]);
  });

  it("end for whoever's key is not good any more, who is asked for another and led back", async () => {
    await using visited = await openVisit(browser, { key: "first-key" });
    const { page, world } = visited;
    const task = world.addTask();
    task.append(say("one"));
    await page.goto(`${world.url}/#/tasks/${task.task.id}`);
    await page.getByLabel("Key").fill("first-key");
    await page.keyboard.press("Enter");
    await page.getByText("one", { exact: true }).waitFor();
    world.setKey("second-key");
    await page.getByText("The server does not know this key, or not any more.").waitFor();
    await page.getByLabel("Key").fill("second-key");
    await page.keyboard.press("Enter");
    await page.getByText("one", { exact: true }).waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Mend the parser");
  });
});
