/**
 * Negation normal form: negations are pushed into the leaves, nested `and`/`or` of the same kind become
 * one, constants are folded away, and what stands in a junction or list twice stands there once. The result holds for
 * exactly the events for which the input holds.
 *
 * What is normal already is taken over as it is, so that taking parts together again costs what is new.
 */
import { fullText, sourceOf } from "./explain.ts";
import { compareInts, INVERSE } from "./integers.ts";
import type { Expr, Leaf, Nnf, StringTest } from "./ir.ts";

type Junction = Extract<Nnf, { terms: readonly Nnf[] }>;

/** Made here. */
const normal = new WeakSet<Expr>();
/** Of what is normal. */
const negations = new WeakMap<Nnf, Nnf>();
/** Of junctions. */
const hashes = new WeakMap<Nnf, number>();

/** @returns an equivalent expression without `not`; a constant only when the whole is constant */
export function toNnf(expr: Expr): Nnf {
  return normalise(expr, false);
}

function normalise(expr: Expr, negate: boolean): Nnf {
  if (normal.has(expr)) return negate ? negated(expr as Nnf) : (expr as Nnf);
  switch (expr.kind) {
    case "const":
      return { kind: "const", value: expr.value !== negate };
    case "not":
      return normalise(expr.term, !negate);
    case "and":
    case "or":
      return junction(expr, negate);
    default:
      return leaf(expr, negate);
  }
}

/** What is made of parts in a form that is final. */
function made<T extends Nnf>(nnf: T): T {
  normal.add(nnf);
  return nnf;
}

/** As many parts as there were, for a negated leaf is never a constant and no two become one. */
function negated(nnf: Nnf): Nnf {
  let result = negations.get(nnf);
  if (result === undefined) {
    result = "terms" in nnf ? made({ kind: opposite(nnf.kind), terms: nnf.terms.map(negated) }) : negatedLeaf(nnf);
    negations.set(nnf, result);
  }
  return result;
}

const negatedLeaf = (nnf: Exclude<Nnf, Junction>): Nnf =>
  nnf.kind === "const" ? { kind: "const", value: !nnf.value } : leaf(nnf, true);

const opposite = (kind: Junction["kind"]): Junction["kind"] => (kind === "and" ? "or" : "and");

function junction(expr: Extract<Expr, { kind: "and" | "or" }>, negate: boolean): Nnf {
  const kind = negate ? opposite(expr.kind) : expr.kind;
  const parts = new Parts(kind);
  parts.add(expr, negate);
  return parts.whole();
}

/** The terms of a junction while they are found. */
class Parts {
  readonly #kind: Junction["kind"];
  #terms: Nnf[] = [];
  #isDecided = false;

  constructor(kind: Junction["kind"]) {
    this.#kind = kind;
  }

  /** Flattens, drops neutral constants, and lets an absorbing one decide. */
  add(expr: Expr, negate: boolean): void {
    if (this.#isDecided) return;
    if (expr.kind === "not") {
      this.add(expr.term, !negate);
    } else if ((expr.kind === "and" || expr.kind === "or") && (expr.kind === this.#kind) !== negate) {
      for (const term of expr.terms) this.add(term, negate);
    } else {
      this.#take(normalise(expr, negate));
    }
  }

  #take(term: Nnf): void {
    if (term.kind === "const") this.#isDecided ||= term.value !== (this.#kind === "and");
    else if (term.kind === this.#kind) for (const inner of term.terms) this.#terms.push(inner);
    else this.#terms.push(term);
  }

  whole(): Nnf {
    const isAll = this.#kind === "and";
    if (this.#isDecided) return { kind: "const", value: !isAll };
    const terms = withoutRepetitions(this.#terms);
    if (terms.length === 0) return { kind: "const", value: isAll };
    return terms.length === 1 ? (terms[0] as Nnf) : made({ kind: this.#kind, terms });
  }
}

/** Two that differ and have one hash are left as they are, and so is what is equal to the second. */
function withoutRepetitions(terms: readonly Nnf[]): readonly Nnf[] {
  if (terms.length < 2) return terms;
  const known = new Map<number, Nnf>();
  return terms.filter((term) => {
    const hash = hashOf(term);
    const other = known.get(hash);
    if (other === undefined) known.set(hash, term);
    return other === undefined || !isSame(other, term);
  });
}

/** @returns a number that is the same for parts that are the same */
function hashOf(nnf: Nnf): number {
  if (nnf.kind === "const") return nnf.value ? 1 : 0;
  if (!("terms" in nnf)) return ofText(fullText(nnf));
  let hash = hashes.get(nnf);
  if (hash === undefined) {
    hash = ofTerms(nnf);
    hashes.set(nnf, hash);
  }
  return hash;
}

const ofTerms = ({ kind, terms }: Junction): number =>
  terms.reduce((hash, term) => Math.imul(hash ^ hashOf(term), PRIME), kind === "and" ? 1 : 2);

/** FNV-1a over UTF-16 units. */
function ofText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
}

const PRIME = 0x01000193;

function isSame(a: Nnf, b: Nnf): boolean {
  if (a === b) return true;
  if ("terms" in a)
    return (
      "terms" in b &&
      a.kind === b.kind &&
      a.terms.length === b.terms.length &&
      a.terms.every((term, i) => isSame(term, b.terms[i] as Nnf))
    );
  if ("terms" in b || a.kind === "const" || b.kind === "const") return false;
  return countOf(a) === countOf(b) && fullText(a) === fullText(b);
}

/** Items of a list, which are quickly compared. */
const countOf = (expr: Leaf): number =>
  expr.kind === "string" ? expr.tests.length : expr.kind === "member" ? expr.values.length : 0;

function leaf(expr: Leaf, negate: boolean): Nnf {
  if (expr.kind === "compare") {
    const op = negate ? INVERSE[expr.op] : expr.op;
    if (expr.left.kind === "int" && expr.right.kind === "int")
      return { kind: "const", value: compareInts(op, expr.left.value, expr.right.value) };
    return { ...expr, op };
  }
  const isNegated = expr.negated !== negate;
  if (expr.kind === "bool" && !expr.field.array) return { ...expr, value: true, negated: isNegated === expr.value };
  // No test and no value: nothing can be any of them. (All of no values can.)
  if (isEmpty(expr) && !("all" in expr && expr.all)) return { kind: "const", value: isNegated };
  const once = withoutRepeatedItems(expr);
  return isNegated === expr.negated ? once : withNegation(once, isNegated);
}

/** The items of a list are distinct as they were. */
function withNegation(expr: Negatable, isNegated: boolean): Nnf {
  const result = { ...expr, negated: isNegated };
  return normal.has(expr) ? made(result) : result;
}

function isEmpty(expr: Leaf): boolean {
  if (expr.kind === "string") return expr.tests.length === 0;
  if (expr.kind === "member") return expr.values.length === 0;
  return expr.kind === "ip" && expr.networks.length === 0;
}

type Negatable = Exclude<Leaf, { kind: "compare" }>;

/** Integers of a list are distinct from the start. */
function withoutRepeatedItems(expr: Negatable): Negatable {
  if (expr.kind === "string" && expr.tests.length > 1 && !normal.has(expr))
    return made({ ...expr, tests: distinctTests(expr.tests) });
  if (expr.kind === "ip" && expr.networks.length > 1 && !normal.has(expr))
    return made({ ...expr, networks: distinct(expr.networks, ({ text }) => text) });
  return expr;
}

/** Plain texts and patterns, of which there may be many, are looked up as they are written. */
function distinctTests(tests: readonly StringTest[]): readonly StringTest[] {
  const known = new Map<StringTest["kind"], Set<string>>();
  return tests.filter((test) => {
    const ofKind = known.get(test.kind) ?? new Set();
    known.set(test.kind, ofKind);
    const before = ofKind.size;
    return ofKind.add(sourceOf(test)).size > before;
  });
}

function distinct<T>(items: readonly T[], textOf: (item: T) => string): readonly T[] {
  const known = new Set<string>();
  return items.filter((item) => {
    const before = known.size;
    return known.add(textOf(item)).size > before;
  });
}
