/**
 * Syntax tree of a SECL expression: what was written, unresolved and untyped. Parentheses are not kept;
 * the shape of the tree is what they said.
 */
import type { CompareOp } from "../ir.ts";
import type { Span } from "./error.ts";
import type { StringValue } from "./literals.ts";

export type LogicalOp = "&&" | "||";
export type ArithmeticOp = "+" | "-" | "&" | "|" | "^";
export type ComparisonOp = CompareOp | "=~" | "!~";
export type MembershipOp = "in" | "not in" | "allin";
/** `!` is also written `not`; `^` inverts all bits. */
export type UnaryOp = "!" | "-" | "^";

export type Literal =
  | { readonly kind: "int"; readonly value: bigint; readonly span: Span }
  | ({ readonly kind: "string"; readonly span: Span } & StringValue)
  /** `~"…"` */
  | ({ readonly kind: "pattern"; readonly span: Span } & StringValue)
  /** `r"…"`; `source` is raw, escapes included */
  | { readonly kind: "regex"; readonly source: string; readonly span: Span }
  | { readonly kind: "duration"; readonly value: bigint; readonly unit: string; readonly span: Span }
  /** An address, or a network when it has a `/`. */
  | { readonly kind: "ip"; readonly text: string; readonly span: Span }
  /** `${name}` */
  | { readonly kind: "variable"; readonly name: string; readonly span: Span };

export type Ident = { readonly kind: "ident"; readonly name: string; readonly span: Span };

export type List = { readonly kind: "list"; readonly items: readonly Node[]; readonly span: Span };

export type Node =
  | Literal
  | Ident
  | { readonly kind: "unary"; readonly op: UnaryOp; readonly operand: Node; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly op: ArithmeticOp;
      readonly left: Node;
      readonly right: Node;
      readonly span: Span;
    }
  | {
      readonly kind: "comparison";
      readonly op: ComparisonOp;
      readonly left: Node;
      readonly right: Node;
      /** Of the operator alone. */
      readonly opSpan: Span;
      readonly span: Span;
    }
  | {
      readonly kind: "membership";
      readonly op: MembershipOp;
      readonly left: Node;
      readonly right: Root;
      readonly opSpan: Span;
      readonly span: Span;
    }
  /**
   * A chain `t0 op0 t1 op1 t2 …`, kept flat because chains get long. Both operators are on one level and
   * associate to the right: it means `t0 op0 (t1 op1 (t2 …))`. One operator less than terms, at least one.
   */
  | {
      readonly kind: "logical";
      readonly terms: readonly Node[];
      readonly ops: readonly LogicalOp[];
      readonly span: Span;
    };

/** What a macro may be: an expression, or the values of an array. */
export type Root = Node | List;
