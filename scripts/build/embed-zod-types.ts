import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const unused = new Set(["src", "v3", "mini", "v4-mini"]);

/**
 * Copies zod's declarations next to ours and points ours at them. zod is bundled, so users do not have it; without its
 * declarations the types of reports and events would be `any` for them.
 */
export function embedZodTypes(types: string): void {
  cpSync("node_modules/zod", join(types, "zod"), {
    recursive: true,
    filter: (path) => !unused.has(path.split("/").at(-1) ?? "") && (!/\.[^/]+$/.test(path) || path.endsWith(".d.ts")),
  });
  for (const file of globSync(`${types}/!(zod)/**/*.d.ts`)) {
    const target = relative(dirname(file), join(types, "zod/index.js"));
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('from "zod"', `from "${target}"`));
  }
}
