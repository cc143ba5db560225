import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

/** The system's own browser: `npm test` sees to it that there is one. */
export function launchBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  // Chromium's sandbox refuses root; /dev/shm is small in containers.
  const args = ["--disable-dev-shm-usage", ...(isRoot ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: findBrowser(), args });
}

function findBrowser(): string {
  const directories = (process.env["PATH"] ?? "").split(":");
  const names = ["chromium", "google-chrome", "google-chrome-stable"];
  const found = names.flatMap((name) => directories.map((directory) => join(directory, name))).find(existsSync);
  if (found === undefined) throw new Error("Chromium is missing: bash scripts/setup/install-test-tools.sh");
  return found;
}
