import { execFile } from "node:child_process";
import { addAbortSignal, PassThrough } from "node:stream";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { makeRepository } from "../support/repository.ts";
import { buildComplete, makeWork, startTestServer, testKeys } from "../support/task-server.ts";
import type { Act } from "../support/task-server.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** An agent that says what is written into `steps`, and is done when they end. */
function createAgent(): { act: Act; steps: PassThrough } {
  const steps = new PassThrough({ objectMode: true });
  return {
    steps,
    async *act(task, context) {
      addAbortSignal(context.signal, steps);
      for await (const event of steps) yield event;
      yield buildComplete({ commit: makeWork(task, context) });
    },
  };
}

it("submits a task to the real server, follows it over its socket and shows what it changed", async () => {
  const { act, steps } = createAgent();
  await using server = await startTestServer({ act, page: true });
  using repository = makeRepository();
  const base = repository.git("rev-parse", "HEAD");
  const header = `http.extraHeader=Authorization: Bearer ${testKeys.alice}`;
  const push = ["-c", header, "push", "-q", `${server.url}/api/v1/repositories/demo.git`, `HEAD:refs/inbox/${base}`];
  // Not synchronously: the server is in this process.
  await promisify(execFile)("git", push, { cwd: repository.path });

  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByLabel("Key").fill(testKeys.alice);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "New task" }).click();
  await page.getByLabel("What is to be done").fill("Add a file");
  await page.getByLabel("Repository").fill("demo");
  await page.getByLabel("Base").fill("0".repeat(40));
  await page.getByRole("button", { name: "Submit" }).click();
  await expect.poll(() => page.getByLabel("Base").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("Base").fill(base);
  await page.getByRole("button", { name: "Submit" }).click();

  await page.getByRole("heading", { name: "Add a file" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  steps.write({ type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } });
  steps.write({ type: "message", data: { text: "I will add <b>one</b>." } });
  await page.getByText("I will add <b>one</b>.").waitFor();
  steps.end();
  await page.locator(".state-row").getByText("Succeeded").waitFor();
  await page.getByRole("link", { name: "Changes" }).click();
  await page.getByText("+Add a file").waitFor();
  await page.getByRole("link", { name: "Report" }).click();
  await page.getByText("1 file, +1 −0, 1 commit").waitFor();
  await page.getByRole("link", { name: "Tasks", exact: true }).click();
  const row = page.getByRole("list", { name: "Tasks" }).getByRole("listitem");
  await expect.poll(() => row.count()).toBe(1);
  await page.close();
});

it("shows nobody the tasks of another key", async () => {
  await using server = await startTestServer({ page: true });
  const { task } = await server.store
    .create({
      owner: "alice",
      request: { task: "Secret", repository: { key: "demo", base: "a".repeat(40) } },
      title: "Secret",
      agent: "claude",
      idempotencyKey: undefined,
      bodyHash: "",
      queueLimit: 10,
      ownerLimit: 10,
    })
    .then((result) => ("task" in result ? result : { task: { id: "" } }));
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByLabel("Key").fill(testKeys.bob);
  await page.keyboard.press("Enter");
  await page.getByText("No tasks yet.").waitFor();
  await page.goto(`${server.url}/#/tasks/${task.id}`);
  await expect.poll(() => page.locator("main").innerText()).toContain("There is no such task.");
  await page.close();
});
