import fc from "fast-check";
import { expect, test } from "vitest";
import { syntaxTree } from "../../test/syntax-trees.ts";
import { parseExpression } from "./parser.ts";
import { print } from "./print.ts";

/** The tree without positions. */
function bare(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(bare);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== "span" && key !== "opSpan")
      .map(([key, value]) => [key, bare(value)]),
  );
}

test("parsing what was printed gives the same tree", () => {
  fc.assert(
    fc.property(syntaxTree, (tree) => {
      expect(bare(parseExpression(print(tree)))).toEqual(bare(tree));
    }),
    { numRuns: 800 },
  );
});
