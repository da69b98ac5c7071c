/**
 * The typed intermediate form of a rule expression: what the checker produces and every later stage
 * reads (reference evaluator, negation normal form, approvers, code generation).
 *
 * Macros are expanded, constants folded to integers, every field resolved to its row in the field table.
 * Strings are compared as UTF-8 bytes. Integers are signed 64-bit and wrap around.
 */
import type { Field, VariableDescription, VariableValue } from "@weir/matcher-wasm/format";

/** A piece of a text that is put together when a rule is judged; variables are strings or integers. */
export type TemplatePart =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "variable"; readonly field: Field };

/** One way in which a string can fit. Patterns keep their source text; see `pattern.ts`. */
export type StringTest =
  | { readonly kind: "equals"; readonly value: string }
  /** Over path components: `*` within one, `**` (once) across any number. */
  | { readonly kind: "glob"; readonly pattern: string }
  /** Flat: `*` stands for any bytes, slashes included. */
  | { readonly kind: "pattern"; readonly pattern: string }
  /** RE2 syntax, as in Go; fits when it matches anywhere in the string. Known to compile, see `regex/`. */
  | { readonly kind: "regex"; readonly source: string }
  /** Equal to the parts one after the other, integers in decimal, commas between the values of a list. */
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[] };

/** A network, or one address with a mask of all ones. IPv4 as ::ffff:a.b.c.d; it holds addresses of its family only. */
export interface Network {
  readonly family: 4 | 6;
  /** 128 bits each; the network has no bit outside the mask. */
  readonly network: bigint;
  readonly mask: bigint;
  /** As written. */
  readonly text: string;
}

export type IntExpr =
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "intField"; readonly field: Field }
  | { readonly kind: "unary"; readonly op: "-" | "^"; readonly operand: IntExpr }
  | {
      readonly kind: "binary";
      readonly op: "+" | "-" | "&" | "|" | "^";
      readonly left: IntExpr;
      readonly right: IntExpr;
    };

export type CompareOp = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** A test that reads the event. */
export type Leaf =
  /**
   * True when any value of the field satisfies any of the tests, with `all` when every value does;
   * `negated` turns the whole around.
   */
  | {
      readonly kind: "string";
      readonly field: Field;
      readonly tests: readonly StringTest[];
      readonly all?: true;
      readonly negated: boolean;
    }
  /** String field against string field, equal in bytes; ANY over arrays. */
  | { readonly kind: "sameString"; readonly left: Field; readonly right: Field; readonly negated: boolean }
  /** Scalars only; `!=` is written as `==` negated by the normal form where that helps. */
  | { readonly kind: "compare"; readonly op: CompareOp; readonly left: IntExpr; readonly right: IntExpr }
  /** Integer membership: any value of the field (array or scalar), with `all` every one, is one of the values. */
  | {
      readonly kind: "member";
      readonly field: Field;
      readonly values: readonly bigint[];
      readonly all?: true;
      readonly negated: boolean;
    }
  /** Any value of an integer array field compares so to the other side. */
  | {
      readonly kind: "anyInt";
      readonly field: Field;
      readonly op: CompareOp;
      readonly value: IntExpr;
      readonly negated: boolean;
    }
  /** Any value of one integer array compares so to any value of the other. */
  | {
      readonly kind: "anyIntPair";
      readonly left: Field;
      readonly op: CompareOp;
      readonly right: Field;
      readonly negated: boolean;
    }
  /**
   * The term holds for one element of an iterator at least: its leaves read `elements`, which are what the element has
   * of `arrays`, and `others`, which are the same for all. There are as many elements as the longest array says.
   */
  | {
      readonly kind: "exists";
      readonly elements: readonly Field[];
      readonly arrays: readonly Field[];
      readonly others: readonly Field[];
      readonly term: Nnf;
      readonly negated: boolean;
    }
  /** Any address of the field, with `all` every one, lies in one of the networks. */
  | {
      readonly kind: "ip";
      readonly field: Field;
      readonly networks: readonly Network[];
      readonly all?: true;
      readonly negated: boolean;
    }
  /** Any value of the field is this one; of scalars the normal form asks for true alone. */
  | { readonly kind: "bool"; readonly field: Field; readonly value: boolean; readonly negated: boolean };

export type Expr =
  | { readonly kind: "const"; readonly value: boolean }
  | { readonly kind: "and" | "or"; readonly terms: readonly Expr[] }
  | { readonly kind: "not"; readonly term: Expr }
  | Leaf;

/** Negation normal form: `not` occurs only inside leaves, `and`/`or` are flat and have two terms or more. */
export type Nnf =
  | { readonly kind: "const"; readonly value: boolean }
  | { readonly kind: "and" | "or"; readonly terms: readonly Nnf[] }
  | Leaf;

/** A rule ready for linking. */
export interface CheckedRule {
  readonly id: string;
  /** Name of the one event type it judges. */
  readonly event: string;
  readonly expr: Nnf;
  readonly actions?: readonly CheckedAction[];
  /** Variables that it reads and that no rule of the set sets: they have their defaults. */
  readonly unset?: readonly VariableDescription[];
}

/** What a variable is set to. */
export type SetValue =
  | { readonly kind: "constant"; readonly value: VariableValue }
  | { readonly kind: "int"; readonly expr: IntExpr }
  | { readonly kind: "bool"; readonly expr: Nnf }
  /** All values of the field. */
  | { readonly kind: "field"; readonly field: Field }
  /** As the test `template`; what has more than PROGRAM_TEXT_BYTES_MAX is not known. */
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[] };

/** An action of a rule as far as the matcher takes part in it. */
export interface CheckedAction {
  /** Position among the rule's actions. */
  readonly action: number;
  /** Taken only for events for which this is certainly true. */
  readonly filter?: Nnf;
  readonly set?: { readonly variable: VariableDescription; readonly append: boolean; readonly value: SetValue };
}

/**
 * What must be present in an event for a rule to have a chance, decidable in the kernel. `flagsAny` has
 * the meaning of `Approver.flagsAny`; a null `key` means no usable path part.
 */
export interface AccessPredicate {
  readonly key: {
    readonly kind: "path" | "ancestor" | "basename";
    readonly slot: "file" | "destination";
    readonly value: string;
  } | null;
  readonly flagsAny: number | null;
}
