import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createPageHandler, findPageDirectory } from "../../src/server/page.ts";
import { makeDirectory } from "../support/repository.ts";

function createApp(directory: string): Hono {
  const app = new Hono();
  app.get("/api/v1/version", (context) => context.text("version"));
  app.use("*", createPageHandler(directory));
  app.notFound((context) => context.text("nothing here", 404));
  return app;
}

function createPackageApp(): Hono {
  return createApp(findPageDirectory() ?? "");
}

describe("the page's handler", () => {
  it("gives the page and its parts, each with its type", async () => {
    const app = createPackageApp();
    const types = ["/", "/index.html", "/app.js", "/views/tasks.js", "/style.css"].map(async (path) => {
      const response = await app.request(path);
      return [path, response.status, response.headers.get("content-type")];
    });
    expect(await Promise.all(types)).toEqual([
      ["/", 200, "text/html; charset=utf-8"],
      ["/index.html", 200, "text/html; charset=utf-8"],
      ["/app.js", 200, "text/javascript; charset=utf-8"],
      ["/views/tasks.js", 200, "text/javascript; charset=utf-8"],
      ["/style.css", 200, "text/css; charset=utf-8"],
    ]);
  });

  it("lets a browser run nothing but the page's own files", async () => {
    const { headers } = await createPackageApp().request("/");
    expect(headers.get("content-security-policy")?.split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' data:",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  it("says nothing anew to who has it already", async () => {
    const app = createPackageApp();
    const tag = (await app.request("/app.js")).headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    const again = await app.request("/app.js", { headers: { "if-none-match": `"other", ${tag}` } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
    expect((await app.request("/app.js", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  it("answers HEAD without a body", async () => {
    const response = await createPackageApp().request("/", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(500);
  });

  it("leaves all else to others", async () => {
    const app = createPackageApp();
    expect(await (await app.request("/api/v1/version")).text()).toBe("version");
    for (const path of ["/missing.js", "/views", "/views/", "/../package.json", "/%2e%2e/package.json", "/app.js/"]) {
      expect((await app.request(path)).status).toBe(404);
    }
    expect((await app.request("/", { method: "POST" })).status).toBe(404);
  });

  it("gives nothing of a directory but pages, styles and scripts, as they were at the start", async () => {
    using directory = makeDirectory();
    const write = (name: string, text: string): void => writeFileSync(join(directory.path, name), text);
    mkdirSync(join(directory.path, "deep"));
    write("index.html", "first");
    write("deep/a.js", "a");
    write("secret.json", "{}");
    const app = createApp(directory.path);
    write("index.html", "second");
    expect(await (await app.request("/")).text()).toBe("first");
    expect((await app.request("/deep/a.js")).status).toBe(200);
    expect((await app.request("/secret.json")).status).toBe(404);
  });
});
