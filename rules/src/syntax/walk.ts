/** Walking a syntax tree without recursion, which a long one would not survive. */
import type { Root } from "./ast.ts";
import type { Span } from "./error.ts";

/** @returns the parts directly below a node */
export function children(node: Root): readonly Root[] {
  switch (node.kind) {
    case "list":
      return node.items;
    case "unary":
      return [node.operand];
    case "binary":
    case "comparison":
    case "membership":
      return [node.left, node.right];
    case "logical":
      return node.terms;
    default:
      return [];
  }
}

/** @returns all nodes of a tree, in no particular order */
export function* nodesOf(root: Root): Generator<Root, void> {
  const open: Root[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    yield node;
    for (const child of children(node)) open.push(child);
  }
}

/** @returns the strings' backslashes that start no escape; looked for only where there are backslashes at all */
export function rawEscapesOf(root: Root, text: string): readonly Span[] {
  if (!text.includes("\\")) return [];
  return [...nodesOf(root)].flatMap((node) =>
    node.kind === "string" || node.kind === "pattern" ? (node.rawEscapes ?? []) : [],
  );
}

/** @returns what is to be said of one of them */
export function escapeProblem(text: string, { start, end }: Span): { code: string; message: string; hint: string } {
  const source = text.slice(start, end);
  const message = `\`${source}\` is no escape: the backslash is part of the text`;
  return { code: "escape", message, hint: `for a backslash write \`\\\\\`, without it \`${source.slice(1)}\`` };
}
