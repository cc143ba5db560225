import { basename, dirname, join } from "node:path/posix";
import type { SyntaxNode } from "./syntax.ts";

/** One source file, `path` from the top of the project: `src/git/publish.ts`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Every node of its syntax tree. */
  readonly nodes: readonly SyntaxNode[];
  /** What it imports, exports from or loads on call: `./publish.ts`, `node:fs`, `zod`. */
  readonly imports: readonly string[];
}

/** What is wrong with a file, for people; nothing where all is well. */
export type Rule = (file: SourceFile) => readonly string[];

/** HOUSE: a folder imports itself or a lower line; never sideways, never up. */
const layers = [
  ["core", "util"],
  ["protocol"],
  ["git", "container", "gateway", "store"],
  ["agents", "gates", "report", "metrics"],
  ["worker", "batch"],
  ["server", "mcp"],
  ["config"],
  ["cli"],
];

/** Join the parts, so they stand outside of the layers: they may import all, and none may import them. */
const outside = new Set(["src/main.ts", "src/wire.ts", "src/wire-server.ts", "src/wire-client.ts", "src/index.ts"]);

/** The folders that may import an outside package; zod is free. A package that is not here has no owner yet. */
const owners: Readonly<Record<string, readonly string[]>> = {
  "@hono/node-server": ["server"],
  "@hono/zod-openapi": ["server"],
  chalk: ["cli"],
  commander: ["cli"],
  dockerode: ["container"],
  dotenv: ["config"],
  hono: ["server"],
  pino: ["server"],
  "prom-client": ["metrics"],
  // The two ends of one wire: the gateway and the server's client speak HTTP, the server and its client WebSocket.
  undici: ["gateway", "agents"],
  ws: ["server", "agents"],
  "js-yaml": ["config"],
};
const free = new Set(["zod"]);

const maxLines = 250;

export const rules = {
  "a folder imports itself or a lower line": (file) =>
    outside.has(file.path)
      ? []
      : file.imports.filter((name) => name.startsWith(".")).flatMap((name) => checkLayer(file.path, name)),

  "an outside package is imported by its owner only": (file) =>
    file.imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:")).flatMap(checkOwner(file.path)),

  "process.env is read in config only": (file) =>
    folderOf(file.path) === "config"
      ? []
      : [...findMembers(file, "process", "env"), ...findNamedImports(file, "node:process", "env")],

  "only main.ts ends the process": (file) =>
    file.path === "src/main.ts"
      ? []
      : ["exit", "exitCode", "abort", "reallyExit"].flatMap((name) =>
          findMembers(file, "process", name).concat(findNamedImports(file, "node:process", name)),
        ),

  "nothing is printed with console": (file) =>
    file.nodes.flatMap((node) => (node.type === "Identifier" && node["name"] === "console" ? ["console"] : [])),

  "nothing is exported as default": (file) =>
    file.nodes.flatMap((node) => {
      const named = node.type === "ExportSpecifier" && nameOf(node["exported"]) === "default";
      return named || node.type === "ExportDefaultDeclaration" ? ["a default export"] : [];
    }),

  "a type is never forced, but by `as const`": (file) =>
    file.nodes.flatMap((node) => {
      if (node.type === "TSNonNullExpression") return [quoteSource(file, node)];
      if (node.type !== "TSAsExpression" && node.type !== "TSTypeAssertion") return [];
      return sourceOf(file, node["typeAnnotation"]) === "const" ? [] : [quoteSource(file, node)];
    }),

  "files are named in kebab-case": ({ path }) =>
    path.split("/").every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.ts)?$/.test(part)) ? [] : [basename(path)],

  "a file has at most 250 lines": ({ text }) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return lines > maxLines ? [`${lines} lines`] : [];
  },
} as const satisfies Record<string, Rule>;

function checkLayer(path: string, name: string): readonly string[] {
  const target = join(dirname(path), name);
  if (outside.has(target)) return [`${name}: nobody imports ${target}`];
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to) return [];
  const [fromLine, toLine] = [lineOf(from), lineOf(to)];
  if (fromLine === -1) return [`${from} is in no line: name it in test/support/architecture/rules.ts`];
  if (toLine === -1) return [`${name}: ${to} is in no line`];
  return toLine < fromLine ? [] : [`${name}: ${from} (line ${fromLine + 1}) may not import ${to} (line ${toLine + 1})`];
}

function checkOwner(path: string): (name: string) => readonly string[] {
  return (name) => {
    const packageName = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
    const owner = owners[packageName];
    if (free.has(packageName) || owner?.includes(folderOf(path))) return [];
    return [`${packageName}: ${owner === undefined ? "has no owner" : `belongs to ${owner.join(", ")}`}`];
  };
}

/** `git` for `src/git/x.ts`, also where the folder has folders; `main.ts` for a file of src itself. */
function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function lineOf(folder: string): number {
  return layers.findIndex((line) => line.includes(folder));
}

function findMembers(file: SourceFile, object: string, property: string): readonly string[] {
  return file.nodes.flatMap((node) => {
    if (
      node.type === "MemberExpression" &&
      nameOf(node["object"]) === object &&
      nameOf(node["property"]) === property
    ) {
      return [`${object}.${property}`];
    }
    // const { env } = process
    const taken =
      node.type === "VariableDeclarator" && nameOf(node["init"]) === object ? sourceOf(file, node["id"]) : "";
    return new RegExp(String.raw`\{[^}]*\b${property}\b`).test(taken) ? [`${taken} = ${object}`] : [];
  });
}

function findNamedImports(file: SourceFile, from: string, name: string): readonly string[] {
  return file.nodes.flatMap((node) => {
    const source = node.type === "ImportDeclaration" ? sourceOf(file, node) : "";
    return source.includes(`"${from}"`) && new RegExp(String.raw`\{[^}]*\b${name}\b`).test(source) ? [source] : [];
  });
}

/** The name of an identifier, or the value of a string that stands for one: `process["env"]`. */
function nameOf(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return undefined;
  return "name" in node ? node.name : "value" in node ? node.value : undefined;
}

function sourceOf(file: SourceFile, node: unknown): string {
  if (typeof node !== "object" || node === null || !("start" in node) || !("end" in node)) return "";
  return file.text.slice(Number(node.start), Number(node.end));
}

function quoteSource(file: SourceFile, node: SyntaxNode): string {
  return sourceOf(file, node).slice(0, 80);
}
