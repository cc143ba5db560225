import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { parseNodes } from "./syntax.ts";
import type { SyntaxNode } from "./syntax.ts";

/** What a file loads as soon as it is loaded itself: neither types nor what it loads on call. */
export function listStaticImports(text: string): readonly string[] {
  return parseNodes(text).flatMap((node) => {
    const { source } = node;
    if (!isStatic(node) || typeof source !== "object" || source === null || !("value" in source)) return [];
    return [String(source.value)];
  });
}

/**
 * The ways from `entries` (files below `root`) to the package `name` over what is loaded at once: `a.ts > b.ts > zod`, the shortest
 * for each file that imports it.
 */
export function findStaticWays(root: string, entries: readonly string[], name: string): readonly string[] {
  const ways = new Map(entries.map((entry) => [entry, entry]));
  const found: string[] = [];
  // What is added while it is walked is walked as well.
  for (const [file, way] of ways) {
    for (const imported of listStaticImports(readFileSync(join(root, file), "utf8"))) {
      if (imported === name || imported.startsWith(`${name}/`)) found.push(`${way} > ${imported}`);
      if (!imported.startsWith(".")) continue;
      const target = join(dirname(file), imported);
      if (!existsSync(join(root, target))) throw new Error(`${file} imports ${imported}, which is not there.`);
      if (!ways.has(target)) ways.set(target, `${way} > ${target}`);
    }
  }
  return found;
}

/** With `verbatimModuleSyntax` an import is loaded unless the whole of it is one of types. */
function isStatic({ type, importKind, exportKind }: SyntaxNode): boolean {
  if (type === "ImportDeclaration") return importKind !== "type";
  return (type === "ExportNamedDeclaration" || type === "ExportAllDeclaration") && exportKind !== "type";
}
