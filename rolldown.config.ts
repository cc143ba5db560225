import { defineConfig } from "rolldown";

const absent = new URL("scripts/absent-module.ts", import.meta.url).pathname;

/** The oldest Node that package.json allows: it does not know `await using`. */
const transform = { target: "node22.19" };

/**
 * Everything is bundled: users install no dependency at all (none with an install script), and the program starts in a
 * third of the time (docs/adr/0002-bundle.md). Commands are loaded on call, so each becomes a chunk of its own.
 * CommonJS, because `import` of node:http evaluates all it exports, Node's own undici among them: 25 ms.
 */
const program = defineConfig({
  input: { main: "src/main.ts" },
  transform,
  platform: "node",
  // dockerode reaches these for ssh:// engines and BuildKit sessions only; we use neither.
  resolve: { alias: { ssh2: absent, "@grpc/grpc-js": absent, "@grpc/proto-loader": absent, protobufjs: absent } },
  output: {
    dir: "dist",
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "chunks/[name]-[hash].cjs",
    cleanDir: true,
  },
});

/** What other programs import. */
const library = defineConfig({
  input: { index: "src/index.ts" },
  transform,
  platform: "node",
  output: { dir: "dist", format: "esm", chunkFileNames: "chunks/[name]-[hash].js" },
});

/** The program inside the container: one file of the kind that Node starts quickest. */
const entry = defineConfig({
  input: { main: "docker/entry/main.mjs" },
  transform,
  platform: "node",
  output: { dir: "dist/entry", format: "cjs", entryFileNames: "[name].cjs" },
});

export default [program, library, entry];
