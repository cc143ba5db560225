import type { Browser, Page } from "playwright-core";
import { startPageWorld } from "./page-world.ts";
import type { PageWorld } from "./page-world.ts";

export interface Visit extends AsyncDisposable {
  readonly world: PageWorld;
  readonly page: Page;
  /** What the browser has said: broken policies, failed scripts. Answers that are refusals are no errors of the page. */
  readonly complaints: readonly string[];
}

/** A server and a browser that has nothing of earlier ones. */
export async function openVisit(
  browser: Browser,
  options: { key?: string | null; scheme?: "light" | "dark"; width?: number } = {},
): Promise<Visit> {
  const { scheme = "light", width = 1180 } = options;
  const world = await startPageWorld({ key: options.key === undefined ? null : options.key });
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 800 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    const isRefusal = /the server responded with a status of 4\d\d/.test(message.text());
    if (message.type() === "error" && !isRefusal) complaints.push(message.text());
  });
  await page.addInitScript({
    content: `addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error("policy: " + violatedDirective + " " + blockedURI));`,
  });
  return {
    world,
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

export function say(text: string): readonly [string, unknown] {
  return ["message", { text }];
}
