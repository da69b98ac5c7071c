/**
 * Random rule expressions, events and syntax trees for property tests and fuzzing.
 *
 * The alphabets are small on purpose: with few names, few flags and few ids, random expressions match
 * random events often, and every special case (root, empty name, shared prefixes, zero values) comes up.
 * Events are such as the kernel produces: paths absolute and normalised or, where that happens, empty; derived
 * fields consistent.
 */
import { EVENT_TYPES, FIELDS, type Field } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { parseNetwork } from "../src/address.ts";
import type { EventFields } from "../src/evaluate.ts";
import { completeEvent } from "../src/event.ts";
import type { CompareOp, Expr, IntExpr, Leaf, Network } from "../src/ir.ts";
import { toNnf } from "../src/nnf.ts";
import { bindRegister } from "../src/registers.ts";
import { ELEMENTS, fieldsOf } from "./field-samples.ts";
import { eventPath, name, stringTest, templateTest } from "./text-arbitraries.ts";

export const INTS = [
  -1n,
  0n,
  1n,
  2n,
  3n,
  64n,
  577n,
  0o644n,
  0o4755n,
  0xffffffffn,
  2n ** 31n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const ADDRESSES = ["10.0.0.1", "10.0.0.9", "192.168.1.7", "::1", "2001:db8::7", "::ffff:10.0.0.1"];
const NETWORKS: readonly Network[] = [
  ...ADDRESSES,
  ...["10.0.0.0/8", "10.0.0.8/29", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1/0", "::ffff:10.0.0.0/104"],
].map((text) => parseNetwork(text) as Network);
export const COMPARE_OPS: readonly CompareOp[] = ["==", "!=", "<", "<=", ">", ">="];

export interface TypedEvent {
  readonly type: string;
  readonly fields: EventFields;
}

export const eventTypeName = fc.constantFrom(...EVENT_TYPES.map((type) => type.name));

/** Types of which some events lack a path: one in many, so that properties that depend on it ask for them alone. */
export const optionalPathType = fc.constantFrom(
  ...new Set(FIELDS.flatMap(({ event, optional }) => (event !== undefined && optional ? [event] : []))),
);

function intExpr(fields: readonly Field[]): fc.Arbitrary<IntExpr> {
  const constant = fc.constantFrom(...INTS).map((value): IntExpr => ({ kind: "int", value }));
  const read = fc.constantFrom(...fields).map((field): IntExpr => ({ kind: "intField", field }));
  return fc.letrec<{ expr: IntExpr }>((tie) => ({
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      read,
      constant,
      fc.record({
        kind: fc.constant("unary" as const),
        op: fc.constantFrom("-" as const, "^" as const),
        operand: tie("expr"),
      }),
      fc.record({
        kind: fc.constant("binary" as const),
        op: fc.constantFrom("+" as const, "-" as const, "&" as const, "|" as const, "^" as const),
        left: tie("expr"),
        right: tie("expr"),
      }),
    ),
  })).expr;
}

/** Tests of `open.flags`, of the shapes from which flag conditions are derived and near misses. */
function flagLeaf(field: Field): fc.Arbitrary<Leaf> {
  return fc
    .record({
      mask: fc.constantFrom(0n, 1n, 2n, 3n, 64n, 67n, 0x1ffffffffn, -1n),
      value: fc.constantFrom(-1n, 0n, 1n, 2n, 64n, 0x100000000n),
      op: fc.constantFrom(...COMPARE_OPS),
      swap: fc.boolean(),
    })
    .map(({ mask, value, op, swap }): Leaf => {
      const flags: IntExpr = { kind: "intField", field };
      const constant: IntExpr = { kind: "int", value: mask };
      const left: IntExpr = { kind: "binary", op: "&", left: swap ? constant : flags, right: swap ? flags : constant };
      return { kind: "compare", op, left, right: { kind: "int", value } };
    });
}

const kind = <K extends Leaf["kind"]>(name: K) => fc.constant(name);
const ALL = fc.constant(true as const);
const compareOp = fc.constantFrom(...COMPARE_OPS);

/** A leaf over fields that events of the type have. */
export function leafOf(type: string): fc.Arbitrary<Leaf> {
  const strings = fieldsOf(type, (f) => f.type === "string");
  const ints = fieldsOf(type, (f) => f.type === "int");
  const bools = fieldsOf(type, (f) => f.type === "bool");
  const addresses = fieldsOf(type, (f) => f.type === "ip");
  const flags = ints.filter((f) => f.name === "open.flags");
  return fc.oneof(
    { weight: 6, arbitrary: stringLeaf(strings.filter((f) => f.event === type)) },
    { weight: 3, arbitrary: stringLeaf(strings) },
    { weight: 1, arbitrary: allStrings(strings.filter((f) => f.array)) },
    { weight: 1, arbitrary: sameString(strings) },
    ...intLeaves(ints),
    { weight: 1, arbitrary: networkLeaf(addresses) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind("bool"),
        field: fc.constantFrom(...bools, ...bools.filter((f) => f.array)),
        value: fc.boolean(),
        negated: fc.boolean(),
      }),
    },
    ...flags.map((field) => ({ weight: 3, arbitrary: flagLeaf(field) })),
  );
}

function stringLeaf(fields: readonly Field[]): fc.Arbitrary<Leaf> {
  return fc.constantFrom(...fields).chain((field) => {
    const test = fc.oneof({ weight: 9, arbitrary: stringTest(field) }, { weight: 1, arbitrary: templateTest });
    return fc.record({
      kind: kind("string"),
      field: fc.constant(field),
      tests: fc.array(test, { minLength: 1, maxLength: 4 }),
      negated: fc.boolean(),
    });
  });
}

function allStrings(arrays: readonly Field[]): fc.Arbitrary<Leaf> {
  return fc.constantFrom(...arrays).chain((field) =>
    fc.record({
      kind: kind("string"),
      field: fc.constant(field),
      tests: fc.array(stringTest(field), { maxLength: 4 }),
      all: ALL,
      negated: fc.boolean(),
    }),
  );
}

function sameString(fields: readonly Field[]): fc.Arbitrary<Leaf> {
  const field = fc.constantFrom(...fields);
  return fc.record({ kind: kind("sameString"), left: field, right: field, negated: fc.boolean() });
}

function networkLeaf(fields: readonly Field[]): fc.Arbitrary<Leaf> {
  return fc.record(
    {
      kind: kind("ip"),
      field: fc.constantFrom(...fields),
      networks: fc.array(fc.constantFrom(...NETWORKS), { maxLength: 3 }),
      all: ALL,
      negated: fc.boolean(),
    },
    { requiredKeys: ["kind", "field", "networks", "negated"] },
  );
}

function intLeaves(ints: readonly Field[]): fc.WeightedArbitrary<Leaf>[] {
  const expr = intExpr(ints.filter((f) => !f.array));
  const array = fc.constantFrom(...ints.filter((f) => f.array));
  const op = compareOp;
  const negated = fc.boolean();
  const values = fc.uniqueArray(fc.constantFrom(...INTS), { minLength: 1, maxLength: 12 });
  const member = fc.record(
    { kind: kind("member"), field: fc.constantFrom(...ints), values, all: ALL, negated },
    { requiredKeys: ["kind", "field", "values", "negated"] },
  );
  return [
    { weight: 3, arbitrary: fc.record({ kind: kind("compare"), op, left: expr, right: expr }) },
    { weight: 2, arbitrary: member },
    { weight: 1, arbitrary: fc.record({ kind: kind("anyInt"), field: array, op, value: expr, negated }) },
    { weight: 1, arbitrary: fc.record({ kind: kind("anyIntPair"), left: array, op, right: array, negated }) },
  ];
}

/** Conditions of which some are over one ancestor. */
export function registerTerms(type: string): fc.Arbitrary<Expr> {
  const is = (wanted: Field["type"]): Field[] => ELEMENTS.filter((field) => field.type === wanted);
  const ints = is("int");
  const leaf: fc.Arbitrary<Leaf> = fc.oneof(
    { weight: 3, arbitrary: stringLeaf(is("string")) },
    { weight: 1, arbitrary: allStrings(is("string").filter(({ array }) => array)) },
    { weight: 1, arbitrary: sameString([...is("string"), ...fieldsOf(type, (f) => f.type === "string")]) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: kind("compare"), op: compareOp, left: intExpr(ints), right: intExpr(ints) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: kind("member"),
        field: fc.constantFrom(...ints),
        values: fc.array(fc.constantFrom(...INTS), { minLength: 1, maxLength: 4 }),
        negated: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind("bool"),
        field: fc.constantFrom(...is("bool")),
        value: fc.boolean(),
        negated: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: leafOf(type) },
  );
  const junction = (terms: fc.Arbitrary<Expr>): fc.Arbitrary<Expr> =>
    fc.record({
      kind: fc.constantFrom("and" as const, "and" as const, "or" as const),
      terms: fc.array(terms, { minLength: 1, maxLength: 3 }),
    });
  return junction(fc.oneof(leaf as fc.Arbitrary<Expr>, junction(leaf as fc.Arbitrary<Expr>)));
}

/** An expression over one event type, `not` and constants included. */
export function exprOf(type: string): fc.Arbitrary<Expr> {
  return fc.letrec<{ expr: Expr; junction: Expr }>((tie) => ({
    expr: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 4, arbitrary: leafOf(type) as fc.Arbitrary<Expr> },
      { weight: 1, arbitrary: registerTerms(type).map((expr) => bindRegister(toNnf(expr)) as Expr) },
      { weight: 4, arbitrary: tie("junction") },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("not" as const), term: tie("expr") }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("const" as const), value: fc.boolean() }) },
    ),
    junction: fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      terms: fc.array(tie("expr"), { minLength: 2, maxLength: 4 }),
    }),
  })).expr;
}

const u32 = fc.constantFrom(0, 1, 2, 3, 64, 0o644, 0o4755, 0xffffffff);
const bytes = fc.oneof(name, fc.constantFrom("", "/a/b", "a b"));

function fieldValue(field: Field): fc.Arbitrary<unknown> {
  const scalar = scalarValue(field);
  return field.array ? fc.array(scalar, { maxLength: 4 }) : scalar;
}

function scalarValue(field: Field): fc.Arbitrary<unknown> {
  const source = field.source;
  switch (field.type) {
    case "bool":
      return fc.boolean();
    case "ip":
      return fc.constantFrom(...ADDRESSES);
    case "int":
      if (source.from === "u64" || source.from === "context" || source.from === "variable")
        return fc.constantFrom(...INTS);
      if (source.from === "i32") return fc.constantFrom(0, 0, -1, -13, 3);
      return source.from === "id32" ? fc.constantFrom(-1, 0, 1, 2) : u32;
    case "string":
      if (source.from === "path")
        return field.optional ? fc.oneof({ weight: 2, arbitrary: eventPath }, fc.constant("")) : eventPath;
      if (field.name.endsWith("file.name")) return fc.oneof(name, fc.constant(""));
      if (source.from === "comm" || source.from === "filesystem")
        return fc.constantFrom("", "a", "ab", "fifteen-bytes-15", "cron.d").map((s) => s.slice(0, 15));
      if (source.from === "text") return fc.constantFrom("", "a", "user.a", "security.capability", ".b");
      return field.matching === "path" ? fc.oneof(eventPath, fc.constant("")) : bytes;
  }
}

const isDerived = ({ source }: Field): boolean =>
  ["basename", "extension", "pathLength", "nameLength", "textPrefix"].includes(source.from) ||
  ("mask" in source && source.mask !== undefined);

/** An event of the type: paths always, unless they are optional, of the other fields a random subset. */
export function eventOf(type: string): fc.Arbitrary<TypedEvent> {
  const fields = fieldsOf(type, (field) => !isDerived(field));
  const ends = fc.array(fc.nat(5), { maxLength: 4 }).map((list) => list.sort());
  const values = fields.map((field): [string, fc.Arbitrary<unknown>] => [field.name, fieldValue(field)]);
  const model = Object.fromEntries([...values, ["process.ancestors.argv.ends", ends]]);
  const required = fields.filter(({ source, optional }) => source.from === "path" && !optional);
  const requiredKeys = required.map((field) => field.name);
  return fc
    .record(model, { requiredKeys })
    .map((values) => ({ type, fields: completeEvent(type, values as EventFields) }));
}

/** Expressions and events of one common type. */
export function rulesAndEvents(options: {
  readonly rulesMax: number;
  readonly eventsMax: number;
  readonly types?: fc.Arbitrary<string>;
}) {
  return (options.types ?? eventTypeName).chain((type) =>
    fc.record({
      type: fc.constant(type),
      exprs: fc.array(exprOf(type), { minLength: 1, maxLength: options.rulesMax }),
      events: fc.array(eventOf(type), { minLength: 1, maxLength: options.eventsMax }),
    }),
  );
}
