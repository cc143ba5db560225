import { parseAst } from "rolldown/parseAst";

/** A node of the ESTree syntax tree, with TypeScript's own kinds; `start` and `end` are offsets in UTF-16 units. */
export interface SyntaxNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Every node of a TypeScript file, parents first. */
export function parseNodes(text: string): readonly SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  visit(parseAst(text, { lang: "ts" }), (node) => nodes.push(node));
  return nodes;
}

/** What a file imports, exports from or loads on call, for its types too. */
export function listImports(nodes: readonly SyntaxNode[]): readonly string[] {
  return nodes.flatMap((node) => {
    const source = node["source"];
    const value = typeof source === "object" && source !== null && "value" in source ? source.value : undefined;
    return typeof value === "string" ? [value] : [];
  });
}

function visit(value: unknown, onNode: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, onNode);
  } else if (isNode(value)) {
    onNode(value);
    visit(Object.values(value), onNode);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
