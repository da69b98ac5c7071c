/** Walking a syntax tree without recursion, which a long one would not survive. */
import type { Root } from "./ast.ts";

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
