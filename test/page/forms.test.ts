import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { openVisit } from "./visit.ts";

const key = "a-key-0123456789";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe("signing in", () => {
  it("lets in who has the key, and keeps it in the tab only", async () => {
    await using visited = await openVisit(browser, { key });
    const { page, world, complaints } = visited;
    world.addTask({ title: "Mend the parser" });
    await page.goto(world.url);
    await page.getByLabel("Key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Mend the parser" }).waitFor();
    expect(await page.evaluate("[localStorage.length, document.cookie, location.href.includes('key')]")).toEqual([
      0,
      "",
      false,
    ]);
    await page.reload();
    await page.getByRole("link", { name: "Mend the parser" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Key").waitFor();
    await page.reload();
    await page.getByLabel("Key").waitFor();
    expect(complaints).toEqual([]);
  });

  it("says that a key is wrong, and stays where it is", async () => {
    await using visited = await openVisit(browser, { key });
    const { page, world } = visited;
    await page.goto(world.url);
    await page.getByLabel("Key").fill("another-key");
    await page.keyboard.press("Enter");
    await page.getByText("The server does not know this key.").waitFor();
    const field = page.getByLabel("Key");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator("#key:focus").count()).toBe(1);
    await field.fill("kéy with spaces");
    await page.keyboard.press("Enter");
    await page.getByText("A key has no spaces").waitFor();
  });

  it("is not asked for where the server has no keys", async () => {
    await using visited = await openVisit(browser);
    const { page, world } = visited;
    await page.goto(world.url);
    await page.getByText("No tasks yet.").waitFor();
    expect(await page.getByRole("button", { name: "Sign out" }).isVisible()).toBe(false);
  });
});

describe("the form for a task", () => {
  it("leads to the task, and says first what is missing", async () => {
    await using visited = await openVisit(browser);
    const { page, world, complaints } = visited;
    await page.goto(`${world.url}/#/new`);
    await page.getByRole("button", { name: "Submit" }).click();
    await page.getByText("Say in words what is to be done.").waitFor();
    await page.getByLabel("What is to be done").fill("Mend it");
    await page.getByLabel("Repository").fill("demo");
    await page.getByLabel("Base").fill("b".repeat(40));
    await page.getByRole("button", { name: "Submit" }).click();
    await page.getByRole("heading", { name: "Submitted" }).waitFor();
    expect(world.bodies).toEqual([{ task: "Mend it", repository: { key: "demo", base: "b".repeat(40) } }]);
    expect(complaints).toEqual([]);
  });
});
