/**
 * What a leaf says, in terms in which two leaves can be compared.
 *
 * Soundness: a leaf and its constraint hold for the same complete events. A leaf about which nothing can be said has no
 * constraint; so has one that reads a field which hosts never know, for it counts as true in both of its senses.
 */
import { FILE_MODE, FILE_OP_MODE, type Field } from "@weir/matcher-wasm/format";
import { leafFields } from "../evaluate.ts";
import { fullText, intText } from "../explain.ts";
import { compareInts, INVERSE } from "../integers.ts";
import type { IntExpr, Leaf, StringTest } from "../ir.ts";
import { globFlaw, pathFlaw } from "../paths.ts";
import { globComponents, globMatches } from "../pattern.ts";
import { between, compared, complement, EVERYTHING, type Intervals, points } from "./intervals.ts";
import { TestSet } from "./texts.ts";

/** All bits: the value as a whole. */
const WHOLE = -1n;
const U32_MAX = 0xffffffffn;
/** Most bytes of a task's name. */
export const COMM_BYTES_MAX = 15;

/** An integer: a field or a larger expression under a name, and the bits of it that are meant. */
export interface Term {
  readonly base: string;
  readonly mask: bigint;
  /** What the base can be. */
  readonly range: Intervals;
}

export type Constraint =
  | { readonly kind: "ints"; readonly term: Term; readonly set: Intervals }
  /** Some value of the array is in the set; `negated`: none is. */
  | { readonly kind: "someInt"; readonly field: Field; readonly set: Intervals; readonly negated: boolean }
  /** A scalar is, or some value of an array is, accepted by one of the tests; `negated`: it is not, none is. */
  | { readonly kind: "strings"; readonly field: Field; readonly tests: TestSet; readonly negated: boolean }
  /** Comparable with itself only. */
  | { readonly kind: "opaque"; readonly key: string; readonly negated: boolean };

const known = new WeakMap<Leaf, { readonly constraint: Constraint | null }>();

/** @returns what the leaf says, or null when nothing can be said */
export function constraintOf(leaf: Leaf): Constraint | null {
  let entry = known.get(leaf);
  if (entry === undefined) {
    entry = { constraint: leafFields(leaf).some((field) => field.unresolved) ? null : derive(leaf) };
    known.set(leaf, entry);
  }
  return entry.constraint;
}

function derive(leaf: Leaf): Constraint | null {
  switch (leaf.kind) {
    case "string":
      // Every value of an array: the tests have no complement to turn it into "none".
      if (leaf.all && leaf.field.array) return opaque(leaf);
      return { kind: "strings", field: leaf.field, tests: new TestSet(leaf.tests), negated: leaf.negated };
    case "compare":
      return comparison(leaf);
    case "member":
      return leaf.all && leaf.field.array
        ? membership(leaf.field, complement(points(leaf.values)), !leaf.negated)
        : membership(leaf.field, points(leaf.values), leaf.negated);
    case "anyInt":
      return leaf.value.kind === "int"
        ? membership(leaf.field, compared(leaf.op, leaf.value.value), leaf.negated)
        : opaque(leaf);
    case "sameString":
      return leaf.left === leaf.right && !leaf.left.array ? decided(!leaf.negated) : opaque(leaf);
    case "bool":
    case "anyIntPair":
    case "exists":
    case "ip":
      return opaque(leaf);
    default:
      return unknownKind(leaf);
  }
}

/** What is true or false of every event. */
const decided = (value: boolean): Constraint => ({
  kind: "ints",
  term: { base: "1", mask: WHOLE, range: points([1n]) },
  set: value ? EVERYTHING : [],
});

/** A new kind of leaf has to be considered above. */
function unknownKind(leaf: never): null {
  void leaf;
  return null;
}

/** The leaf under the name that it has without its negation. */
const opaque = (leaf: Exclude<Leaf, { kind: "compare" }>): Constraint => ({
  kind: "opaque",
  key: fullText({ ...leaf, negated: false }),
  negated: leaf.negated,
});

function membership(field: Field, set: Intervals, negated: boolean): Constraint {
  if (field.array) return { kind: "someInt", field, set, negated };
  return { kind: "ints", term: fieldTerm(field, WHOLE), set: negated ? complement(set) : set };
}

function comparison(leaf: Extract<Leaf, { kind: "compare" }>): Constraint {
  const { op, left, right } = leaf;
  if (right.kind === "int") return { kind: "ints", term: termOf(left), set: compared(op, right.value) };
  if (intText(left) === intText(right)) return decided(compareInts(op, 0n, 0n));
  const negated = op === "!=" || op === ">=" || op === "<=";
  const key = fullText(negated ? { ...leaf, op: INVERSE[op] } : leaf);
  return { kind: "opaque", key, negated };
}

function termOf(expr: IntExpr): Term {
  if (expr.kind === "intField") return fieldTerm(expr.field, WHOLE);
  if (expr.kind === "binary" && expr.op === "&") {
    const { left, right } = expr;
    if (right.kind === "int" && left.kind === "intField") return fieldTerm(left.field, right.value);
    if (left.kind === "int" && right.kind === "intField") return fieldTerm(right.field, left.value);
  }
  return { base: intText(expr), mask: WHOLE, range: EVERYTHING };
}

const fieldTerm = (field: Field, mask: bigint): Term => ({ base: field.name, mask, range: fieldRange(field) });

/** @returns the values that an integer field of a real event can have */
function fieldRange({ source, timestamp }: Field): Intervals {
  if (timestamp) return EVERYTHING;
  switch (source.from) {
    case "u32":
      return between(0n, source.mask === undefined ? U32_MAX : BigInt(source.mask));
    case "i32":
      return between(-(1n << 31n), (1n << 31n) - 1n);
    case "id32":
      return between(-1n, U32_MAX);
    case "flag":
      return between(0n, 1n);
    default:
      return EVERYTHING;
  }
}

/** @returns the values that a masked term can have, as far as intervals say it */
export function termRange({ mask, range }: Term): Intervals {
  if (mask === WHOLE) return range;
  return mask >= 0n ? between(0n, mask) : EVERYTHING;
}

const maxOf = (range: Intervals): bigint => (range.at(-1) as Intervals[number])[1];

/** @returns bits of the base that are always zero; none where it can be negative */
export function zeroBits({ range }: Term): bigint {
  const [first] = range;
  if (first === undefined || first[0] < 0n) return 0n;
  let ones = 0n;
  while (ones < maxOf(range)) ones = (ones << 1n) | 1n;
  return ~ones;
}

/** @returns whether the integer is a file's mode or the permission bits of one */
export function isMode({ source }: Field): boolean {
  return source.from === "u32" && (source.offset === FILE_MODE || source.offset === FILE_OP_MODE);
}

const flaws = new WeakMap<StringTest, { readonly field: Field; readonly flaw: string | undefined }>();

/** @returns why no event has a text that the test accepts, or undefined when one might */
export function impossibleText(field: Field, test: StringTest): string | undefined {
  const known = flaws.get(test);
  if (known?.field === field) return known.flaw;
  const flaw = findFlaw(field, test);
  flaws.set(test, { field, flaw });
  return flaw;
}

function findFlaw(field: Field, test: StringTest): string | undefined {
  if (test.kind === "regex" || test.kind === "template") return undefined;
  const text = test.kind === "equals" ? test.value : test.pattern;
  if (isComm(field)) return commFlaw(test.kind === "equals" ? text : text.replaceAll("*", ""));
  if (field.source.from === "path") {
    const flaw = test.kind === "glob" ? globFlaw(text) : pathFlaw(field, text);
    return flaw === undefined ? undefined : `no path is ${JSON.stringify(text)}: ${flaw}`;
  }
  if (isName(field)) return text.includes("/") ? "a last component never contains `/`" : undefined;
  if (isExtension(field)) return extensionFlaw(text);
  if (field.matching === "path" && !field.unresolved && endsWithSlash(test)) return "no path but `/` ends with `/`";
  return undefined;
}

/** @returns whether the field is the name of a task, which the kernel cuts off */
export const isComm = (field: Field): boolean => field.source.from === "comm" || field.name.endsWith(".comm");

/** Where a name had bytes that are no UTF-8, U+FFFD stands for one of them or for several. */
function commFlaw(literal: string): string | undefined {
  const bytes = Buffer.byteLength(literal.replaceAll("\ufffd", "?"));
  return bytes > COMM_BYTES_MAX
    ? `the kernel keeps ${COMM_BYTES_MAX} bytes of a task's name, this has ${bytes}`
    : undefined;
}

/** Last components of paths. */
const isName = ({ source, unresolved }: Field): boolean =>
  source.from === "basename" || (source.from === "context" && !unresolved && source.key.endsWith("file.name"));

/** @returns whether the field is the end of a name from its last dot on */
export const isExtension = ({ source, unresolved }: Field): boolean =>
  source.from === "extension" || (source.from === "context" && !unresolved && source.key.endsWith("file.extension"));

/** @param text a pattern's stars may stand for nothing */
function extensionFlaw(text: string): string | undefined {
  if (text.includes("/")) return "a last component never contains `/`";
  const dots = text.split(".").length - 1;
  if (dots > 1) return "an extension is the name from its last dot on: it has one dot";
  return (dots === 0 ? /^(?:$|\*)/ : /^\**\./).test(text) ? undefined : "an extension starts with its dot";
}

function endsWithSlash(test: Exclude<StringTest, { kind: "regex" | "template" }>): boolean {
  if (test.kind === "glob") return globComponents(test.pattern).at(-1) === "" && !globMatches(test.pattern, "/");
  return test.kind === "equals" && test.value !== "/" && test.value.endsWith("/");
}
