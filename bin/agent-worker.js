#!/usr/bin/env node
// Plain JavaScript of the oldest kind: on too old a Node this file must still parse, to say so in one line.
const needed = [22, 19];
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `agent-worker needs Node.js ${needed.join(".")} or newer; this is ${process.versions.node} (${process.execPath}). Install a newer one: https://nodejs.org\n`,
  );
  process.exitCode = 2;
} else {
  const { createRequire, enableCompileCache } = await import("node:module");
  enableCompileCache();
  createRequire(import.meta.url)("../dist/main.cjs");
}
