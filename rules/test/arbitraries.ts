/**
 * Random rule expressions, events and syntax trees for property tests and fuzzing.
 *
 * The alphabets are small on purpose: with few names, few flags and few ids, random expressions match
 * random events often, and every special case (root, empty name, shared prefixes, zero values) comes up.
 * Events are such as the kernel produces: paths absolute and normalised, derived fields consistent.
 */
import { EVENT_TYPES, FIELDS, type Field } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import type { EventFields } from "../src/evaluate.ts";
import { completeEvent } from "../src/event.ts";
import type { CompareOp, Expr, IntExpr, Leaf, StringTest } from "../src/ir.ts";
import type { Node, Root } from "../src/syntax/ast.ts";

const NAMES = ["a", "b", "ab", "etc", "cron.d", "passwd", "é", "-", "x.conf"];
const NAME_GLOBS = ["*", "a*", "*b", "*.conf", "c*n.d", "a*b*", "**b", "***"];
const INTS = [-1n, 0n, 1n, 2n, 3n, 64n, 577n, 0o644n, 0o4755n, 0xffffffffn, 2n ** 31n, 2n ** 63n - 1n, -(2n ** 63n)];
const COMPARE_OPS: readonly CompareOp[] = ["==", "!=", "<", "<=", ">", ">="];

export interface TypedEvent {
  readonly type: string;
  readonly fields: EventFields;
}

export const eventTypeName = fc.constantFrom(...EVENT_TYPES.map((type) => type.name));

const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).map(cleanName) },
);

function cleanName(text: string): string {
  const clean = text.toWellFormed().replace(/[/\0]/g, "_");
  return clean === "." || clean === ".." ? "dots" : clean;
}

/** An absolute, normalised path; the root now and then. */
export const eventPath: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`) },
  { weight: 1, arbitrary: fc.constant("/") },
);

/** Text as rules compare with: mostly paths and names as events have them, some that no event has. */
const ruleText = fc.oneof(
  { weight: 6, arbitrary: eventPath },
  { weight: 6, arbitrary: name },
  { weight: 1, arbitrary: fc.constantFrom("", "/etc/", "//", "/a/../b", "etc/a", ".", "*", "/*", "a b") },
);

const component = fc.oneof({ weight: 3, arbitrary: name }, { weight: 3, arbitrary: fc.constantFrom(...NAME_GLOBS) });

/** A path glob with a star, well formed, sometimes one that matches nothing. */
export const globText: fc.Arbitrary<string> = fc
  .record({
    root: fc.constantFrom("/", "/", "/", "/", ""),
    before: fc.array(component, { maxLength: 3 }),
    double: fc.boolean(),
    after: fc.array(component, { maxLength: 2 }),
    slash: fc.constantFrom("", "", "", "", "/"),
  })
  .map(({ root, before, double, after, slash }) => {
    const parts = [...before, ...(double ? ["**"] : []), ...after];
    const text = root + parts.join("/") + slash;
    return text.includes("*") ? text : `${text}*`;
  });

/** A flat pattern with a star. */
export const patternText: fc.Arbitrary<string> = fc
  .array(fc.oneof(name, fc.constantFrom("*", "/", "*")), { minLength: 1, maxLength: 6 })
  .map((parts) => {
    const text = parts.join("").replace(/\*+/g, "*");
    return text.includes("*") ? text : `*${text}`;
  });

function stringTest(field: Field): fc.Arbitrary<StringTest> {
  const equals = ruleText.map((value): StringTest => ({ kind: "equals", value }));
  return field.matching === "path"
    ? fc.oneof(
        equals,
        globText.map((pattern): StringTest => ({ kind: "glob", pattern })),
      )
    : fc.oneof(
        equals,
        patternText.map((pattern): StringTest => ({ kind: "pattern", pattern })),
      );
}

function fieldsOf(type: string, wanted: (field: Field) => boolean): readonly Field[] {
  return FIELDS.filter((field) => (field.event === undefined || field.event === type) && wanted(field));
}

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

/** A leaf over fields that events of the type have. */
export function leafOf(type: string): fc.Arbitrary<Leaf> {
  const strings = fieldsOf(type, (f) => f.type === "string");
  const paths = strings.filter((f) => f.event === type);
  const ints = fieldsOf(type, (f) => f.type === "int");
  const scalars = ints.filter((f) => !f.array);
  const arrays = ints.filter((f) => f.array);
  const bools = fieldsOf(type, (f) => f.type === "bool");
  const flags = scalars.filter((f) => f.name === "open.flags");
  const value = fc.constantFrom(...INTS);
  const op = fc.constantFrom(...COMPARE_OPS);
  const stringLeaf = (fields: readonly Field[]) =>
    fc.constantFrom(...fields).chain((field) =>
      fc.record({
        kind: fc.constant("string" as const),
        field: fc.constant(field),
        tests: fc.array(stringTest(field), { minLength: 1, maxLength: 4 }),
        negated: fc.boolean(),
      }),
    );
  const member = fc.record({
    kind: fc.constant("member" as const),
    field: fc.constantFrom(...ints),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 12 }),
    negated: fc.boolean(),
  });
  const expr = intExpr(scalars);
  const options: fc.WeightedArbitrary<Leaf>[] = [
    { weight: 6, arbitrary: stringLeaf(paths) },
    { weight: 3, arbitrary: stringLeaf(strings) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("sameString" as const),
        left: fc.constantFrom(...strings),
        right: fc.constantFrom(...strings),
        negated: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("compare" as const), op, left: expr, right: expr }) },
    { weight: 2, arbitrary: member },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("anyInt" as const),
        field: fc.constantFrom(...arrays),
        op,
        value,
        negated: fc.boolean(),
      }),
    },
  ];
  if (bools.length > 0)
    options.push({
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("bool" as const),
        field: fc.constantFrom(...bools),
        negated: fc.boolean(),
      }),
    });
  for (const field of flags) options.push({ weight: 3, arbitrary: flagLeaf(field) });
  return fc.oneof(...options);
}

/** An expression over one event type, `not` and constants included. */
export function exprOf(type: string): fc.Arbitrary<Expr> {
  return fc.letrec<{ expr: Expr; junction: Expr }>((tie) => ({
    expr: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 4, arbitrary: leafOf(type) as fc.Arbitrary<Expr> },
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
  if (field.type === "bool") return fc.boolean();
  const source = field.source;
  if (field.type === "int") {
    const scalar: fc.Arbitrary<bigint | number> =
      source.from === "u64" || source.from === "context"
        ? fc.constantFrom(...INTS)
        : source.from === "i32"
          ? fc.constantFrom(0, 0, -1, -13, 3)
          : u32;
    return field.array ? fc.array(scalar, { maxLength: 4 }) : scalar;
  }
  if (source.from === "path") return eventPath;
  if (source.from === "comm")
    return fc.constantFrom("", "a", "ab", "fifteen-bytes-15", "cron.d").map((s) => s.slice(0, 15));
  const text = field.matching === "path" ? fc.oneof(eventPath, fc.constant("")) : bytes;
  return field.array ? fc.array(text, { maxLength: 4 }) : text;
}

const isDerived = ({ source }: Field): boolean =>
  source.from === "basename" || source.from === "pathLength" || (source.from === "u32" && source.mask !== undefined);

/** An event of the type: paths always, of the other fields a random subset. */
export function eventOf(type: string): fc.Arbitrary<TypedEvent> {
  const fields = fieldsOf(type, (field) => !isDerived(field));
  const model = Object.fromEntries(fields.map((field) => [field.name, fieldValue(field)]));
  const requiredKeys = fields.filter((field) => field.source.from === "path").map((field) => field.name);
  return fc
    .record(model, { requiredKeys })
    .map((values) => ({ type, fields: completeEvent(type, values as EventFields) }));
}

/** Expressions and events of one common type. */
export function rulesAndEvents(options: { readonly rulesMax: number; readonly eventsMax: number }) {
  return eventTypeName.chain((type) =>
    fc.record({
      type: fc.constant(type),
      exprs: fc.array(exprOf(type), { minLength: 1, maxLength: options.rulesMax }),
      events: fc.array(eventOf(type), { minLength: 1, maxLength: options.eventsMax }),
    }),
  );
}

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
