import { defineConfig } from "rolldown";

const absent = new URL("scripts/absent-module.ts", import.meta.url).pathname;

/**
 * Everything is bundled: users install no dependency at all (none with an install script), and the program starts in
 * half the time (docs/performance.md). Commands are loaded on call, so each becomes a chunk of its own.
 */
const host = defineConfig({
  input: { main: "src/main.ts", index: "src/index.ts" },
  platform: "node",
  // dockerode reaches these for ssh:// engines and BuildKit sessions only; we use neither (docs/adr/0002-bundle.md).
  resolve: { alias: { ssh2: absent, "@grpc/grpc-js": absent, "@grpc/proto-loader": absent } },
  output: { dir: "dist", format: "esm", sourcemap: false, chunkFileNames: "chunks/[name]-[hash].js", cleanDir: true },
});

/** The program inside the container: one file of the kind that Node starts quickest. */
const entry = defineConfig({
  input: { main: "docker/entry/main.mjs" },
  platform: "node",
  output: { dir: "dist/entry", format: "cjs", sourcemap: false, entryFileNames: "[name].cjs" },
});

export default [host, entry];
