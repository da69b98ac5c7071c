/** Random syntax trees, as the parser could produce them. */
import fc from "fast-check";
import type { Node, Root } from "../src/syntax/ast.ts";
import { COMPARE_OPS, INTS } from "./arbitraries.ts";
import { ruleText } from "./text-arbitraries.ts";

/** Nowhere; printed trees are compared without positions. */
const span = fc.constant({ start: 0, end: 0 });
const text = fc.oneof(
  ruleText,
  fc.string({ unit: "binary", maxLength: 12 }).map((s) => s.toWellFormed()),
);
const identName = fc.constantFrom(
  "open.file.path",
  "process.ancestors[A].comm",
  "O_CREAT",
  "true",
  "r",
  "x1._y",
  "inner",
  "notin",
);

const primary: fc.Arbitrary<Node> = fc.oneof(
  fc.record({ kind: fc.constant("ident" as const), name: identName, span }),
  fc.record({ kind: fc.constant("int" as const), value: fc.constantFrom(...INTS), span }),
  fc.record({ kind: fc.constant("string" as const), value: text, span }),
  fc.record({ kind: fc.constant("pattern" as const), value: text, span }),
  fc.record({ kind: fc.constant("regex" as const), source: fc.constantFrom("", ".*", '\\"', "[a-z]+\\d"), span }),
  fc.record({
    kind: fc.constant("duration" as const),
    value: fc.nat().map(BigInt),
    unit: fc.constantFrom("ns", "ms", "s", "m", "h", "d"),
    span,
  }),
  fc.record({
    kind: fc.constant("ip" as const),
    text: fc.constantFrom("10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "::ffff:192.168.0.1"),
    span,
  }),
  fc.record({ kind: fc.constant("variable" as const), name: fc.constantFrom("x", "process.pid"), span }),
);

const isListItem = (node: Node): boolean =>
  !["unary", "binary", "comparison", "membership", "logical"].includes(node.kind);

/** A syntax tree as the parser could produce it. */
export const syntaxTree: fc.Arbitrary<Node> = fc.letrec<{ node: Node; list: Root }>((tie) => ({
  list: fc.record({
    kind: fc.constant("list" as const),
    items: fc.array(primary.filter(isListItem), { minLength: 1, maxLength: 3 }),
    span,
  }),
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    primary,
    fc.record({
      kind: fc.constant("unary" as const),
      op: fc.constantFrom("!" as const, "-" as const, "^" as const),
      operand: tie("node"),
      span,
    }),
    fc.record({
      kind: fc.constant("binary" as const),
      op: fc.constantFrom("+" as const, "-" as const, "&" as const, "|" as const, "^" as const),
      left: tie("node"),
      right: tie("node"),
      span,
    }),
    fc.record({
      kind: fc.constant("comparison" as const),
      op: fc.constantFrom(...COMPARE_OPS, "=~" as const, "!~" as const),
      left: tie("node"),
      right: tie("node"),
      opSpan: span,
      span,
    }),
    fc.record({
      kind: fc.constant("membership" as const),
      op: fc.constantFrom("in" as const, "not in" as const, "allin" as const),
      left: tie("node"),
      right: fc.oneof(
        tie("list"),
        primary.filter((n) => n.kind === "ident" || n.kind === "variable" || n.kind === "ip"),
      ),
      opSpan: span,
      span,
    }),
    fc
      .tuple(
        fc.array(tie("node"), { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.constantFrom("&&" as const, "||" as const)),
      )
      .map(
        ([terms, ops]): Node => ({
          kind: "logical",
          terms,
          ops: terms.slice(1).map(() => ops.next().value as "&&" | "||"),
          span: { start: 0, end: 0 },
        }),
      ),
  ),
})).node;
