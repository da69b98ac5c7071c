/**
 * Iterator registers: `process.ancestors[A].comm` is what one ancestor has, the same one wherever `A` stands in a rule.
 * A rule holds when its conditions over the register hold for one element together.
 */
import { endsKey, type Field, findField } from "@weir/matcher-wasm/format";
import { leafFields } from "./evaluate.ts";
import type { Expr, Leaf, Nnf } from "./ir.ts";
import { toNnf } from "./nnf.ts";
import { fieldsOf } from "./reads.ts";

const REGISTER = /^(process\.ancestors)\[([A-Za-z])\]\.(.+)$/;

/** A name with a register. */
export interface RegisterName {
  readonly register: string;
  /** The name without it. */
  readonly plain: string;
  /** Undefined where no element has such a field. */
  readonly field: Field | undefined;
}

/** @returns undefined for a name without register, and for one of an iterator that Weir does not know */
export function registerName(name: string): RegisterName | undefined {
  const [, iterator, register, suffix] = REGISTER.exec(name) ?? [];
  if (iterator === undefined || register === undefined) return undefined;
  const plain = `${iterator}.${suffix}`;
  const of = findField(plain);
  return {
    register,
    plain,
    field: of?.array === true ? elementField(name, of, `process.parent.${suffix}`) : undefined,
  };
}

/** @param single name of the field of one process, which tells whether each has any number of values */
function elementField(name: string, of: Field, single: string): Field {
  const key = of.source.from === "context" ? endsKey(of.source.key) : "";
  const ends: Field = {
    ...of,
    name: endsKey(of.name),
    type: "int",
    timestamp: false,
    source: { from: "context", key },
  };
  return findField(single)?.array === true
    ? { ...of, name, element: { of, ends } }
    : { ...of, name, array: false, element: { of } };
}

const reading = new WeakMap<Nnf, boolean>();

/** Asked of every part of a rule, so that what is known of one is kept. */
function readsElement(term: Nnf): boolean {
  let result = reading.get(term);
  if (result === undefined) {
    result =
      "terms" in term
        ? term.terms.some(readsElement)
        : term.kind !== "const" && leafFields(term).some(({ element }) => element !== undefined);
    reading.set(term, result);
  }
  return result;
}

/**
 * @returns the expression with its register bound. What does not read it stays outside, so that indexes find it;
 *   an alternative without the register holds by itself, also where there is no element
 */
export function bindRegister(nnf: Nnf): Nnf {
  if (!readsElement(nnf)) return nnf;
  if (nnf.kind === "or") return toNnf({ kind: "or", terms: nnf.terms.map(bindRegister) });
  if (nnf.kind !== "and") return exists(nnf);
  const { bound = [], free = [] } = Object.groupBy(nnf.terms, (term) => (readsElement(term) ? "bound" : "free"));
  const [only] = bound;
  const inner = bound.length === 1 && only !== undefined ? bindRegister(only) : exists({ kind: "and", terms: bound });
  return toNnf({ kind: "and", terms: [...free, inner] });
}

/**
 * Where hosts can't know a part of the term, they can't know whether it holds for an element. What is left of it without
 * that part does not depend on it, so it stands beside: the same in what it says, and hosts can decide it.
 */
function exists(term: Nnf): Nnf {
  const whole = existsLeaf(term);
  if (!readsUnresolved(term)) return whole;
  const decidable = toNnf(withoutUnresolved(term));
  const beside = readsElement(decidable) ? existsLeaf(decidable) : decidable;
  return toNnf({ kind: "and", terms: [beside, whole] });
}

const readsUnresolved = (term: Nnf): boolean => [...fieldsOf(term)].some(({ unresolved }) => unresolved);

/** @returns what the term implies without the conditions that no host can decide */
function withoutUnresolved(term: Nnf): Expr {
  if (term.kind === "const") return term;
  if ("terms" in term) return { kind: term.kind, terms: term.terms.map(withoutUnresolved) };
  return readsUnresolved(term) ? { kind: "const", value: true } : term;
}

function existsLeaf(term: Nnf): Leaf {
  const fields = new Map([...fieldsOf(term)].map((field) => [field.name, field]));
  const { elements = [], others = [] } = Object.groupBy(fields.values(), ({ element }) =>
    element === undefined ? "others" : "elements",
  );
  const arrays = elements.flatMap(({ element }) =>
    element?.ends ? [element.of, element.ends] : element ? [element.of] : [],
  );
  return { kind: "exists", elements, arrays, others, term, negated: false };
}
