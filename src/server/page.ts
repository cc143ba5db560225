import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { MiddlewareHandler } from "hono";

interface PageFile {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly tag: string;
}

const types = new Map([
  [".html", "text/html; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
]);

/** Nothing is loaded but from here, nothing is run that is not a file of ours, and no text ever becomes a script. */
const policy = [
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
].join("; ");

const headers = {
  "Content-Security-Policy": policy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // Asked for each time, so that a page never goes on with the modules of an older server; a tag makes that cheap.
  "Cache-Control": "no-cache",
} as const;

/**
 * The page of a directory, `index.html` at `/`: its files are read once, now. What is not one of them is left to the next handler.
 * GET and HEAD; no key is asked for, since the files say nothing about anybody.
 */
export function createPageHandler(directory: string): MiddlewareHandler {
  const files = readFiles(directory);
  return async (context, next) => {
    const { method, path } = context.req;
    const file = files.get(path === "/" ? "/index.html" : path);
    if (file === undefined || (method !== "GET" && method !== "HEAD")) return next();
    const all = { ...headers, ETag: file.tag };
    if (matches(context.req.header("if-none-match"), file.tag)) return context.body(null, 304, all);
    return context.body(file.content, 200, {
      ...all,
      "Content-Type": file.type,
      "Content-Length": String(file.content.length),
    });
  };
}

/** The package's `page/`, above this module, which is bundled into `dist/`. Undefined: it is not there. */
export function findPageDirectory(): string | undefined {
  for (let directory = import.meta.dirname; ; directory = dirname(directory)) {
    const candidate = join(directory, "page");
    if (existsSync(join(candidate, "index.html"))) return candidate;
    if (directory === dirname(directory)) return undefined;
  }
}

function readFiles(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of globSync("**/*.{html,css,js}", { cwd: directory })) {
    const content = new Uint8Array(readFileSync(join(directory, name)));
    const tag = `"${createHash("sha256").update(content).digest("base64url").slice(0, 27)}"`;
    files.set(`/${name.replaceAll("\\", "/")}`, { content, type: types.get(extname(name)) ?? "", tag });
  }
  return files;
}

function matches(header: string | undefined, tag: string): boolean {
  return (header ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");
}
