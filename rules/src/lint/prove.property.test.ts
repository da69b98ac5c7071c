/** Whatever is claimed to be proven, events agree with; the claims are counted, so that silence is no success. */
import { FIELDS, type Field } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventOf, eventTypeName, leafOf, optionalPathType, type TypedEvent } from "../../test/arbitraries.ts";
import type { LoadedRule } from "../analyse.ts";
import { type EventFields, evaluate } from "../evaluate.ts";
import { completeEvent } from "../event.ts";
import type { IntExpr, Leaf, Nnf } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { isEventPath } from "../paths.ts";
import { isComm } from "./constraint.ts";
import { negation, Prover } from "./prove.ts";
import { subsumptions } from "./subsume.ts";

const variant = (leaf: Leaf, choice: number): Leaf => {
  if (leaf.kind === "string" && choice % 3 === 0 && leaf.tests.length > 1)
    return { ...leaf, tests: leaf.tests.slice(choice % leaf.tests.length) };
  if (leaf.kind === "compare" && leaf.right.kind === "int" && choice % 3 !== 0)
    return { ...leaf, right: { kind: "int", value: leaf.right.value + BigInt((choice % 7) - 3) } };
  return leaf;
};

/** Expressions that share few leaves, so that they often contradict or imply one another. */
const related = (type: string) =>
  fc.array(leafOf(type), { minLength: 1, maxLength: 3 }).chain((leaves) => {
    const leaf = fc
      .tuple(fc.constantFrom(...leaves), fc.nat(20), fc.boolean())
      .map(([one, choice, negate]) =>
        toNnf(negate ? { kind: "not", term: variant(one, choice) } : variant(one, choice)),
      );
    const expr = fc.letrec<{ expr: Nnf }>((tie) => ({
      expr: fc.oneof(
        { maxDepth: 2 },
        leaf,
        fc
          .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("expr"), { minLength: 2, maxLength: 3 }))
          .map(([kind, terms]) => toNnf({ kind, terms })),
      ),
    })).expr;
    return fc.record({
      leaves: fc.constant(leaves),
      exprs: fc.array(expr, { minLength: 2, maxLength: 4 }),
    });
  });

/** A value that has something to do with what the leaf asks for. */
function hint(leaf: Leaf, choice: number): EventFields {
  const int = (expr: IntExpr): bigint => (expr.kind === "int" ? expr.value : 0n);
  const put = (name: string, value: bigint | string): EventFields => {
    const field = FIELDS.find((one) => one.name === name);
    if (field === undefined) return {};
    const { from } = field.source;
    const clipped = typeof value === "bigint" && (from === "u32" || from === "i32") ? BigInt.asUintN(31, value) : value;
    return { [name]: field.array ? [clipped] : clipped };
  };
  if (leaf.kind === "string") {
    const one = leaf.tests[choice % leaf.tests.length];
    const text = one?.kind === "equals" ? one.value : one && "pattern" in one ? one.pattern.replace(/\*+/g, "a") : "";
    const { matching, source, name } = leaf.field;
    const isPath = source.from === "path" || (matching === "path" && text !== "");
    const isOdd = (isPath && !isEventPath(text)) || (name.endsWith("file.name") && text.includes("/"));
    return isOdd || isComm(leaf.field) ? {} : put(name, text);
  }
  if (leaf.kind === "member") return put(leaf.field.name, leaf.values[choice % leaf.values.length] ?? 0n);
  if (leaf.kind === "compare") {
    const field = leaf.left.kind === "intField" ? leaf.left : leaf.left.kind === "binary" ? leaf.left.left : undefined;
    if (field?.kind === "intField") return put(field.field.name, int(leaf.right) + BigInt((choice % 3) - 1));
  }
  return {};
}

const isDerived = ({ source }: Field): boolean =>
  ["basename", "extension", "pathLength", "nameLength"].includes(source.from) ||
  (source.from === "u32" && source.mask !== undefined);
const derived = new Set(FIELDS.filter(isDerived).map((field) => field.name));

const events = (type: string, leaves: readonly Leaf[]): fc.Arbitrary<readonly TypedEvent[]> =>
  fc.array(
    fc
      .tuple(eventOf(type), fc.array(fc.nat(40), { minLength: leaves.length, maxLength: leaves.length }))
      .map(([event, choices]) => {
        const hints = leaves.map((leaf, i) => hint(leaf, choices[i] ?? 0));
        const given = Object.entries(Object.assign({}, ...hints)).filter(([name]) => !derived.has(name));
        // Derived fields of what was replaced are derived anew.
        const kept = Object.entries(event.fields).filter(([name]) => !derived.has(name));
        return { type, fields: completeEvent(type, Object.fromEntries([...kept, ...given]) as EventFields) };
      }),
    { minLength: 1, maxLength: 8 },
  );

/** Several expressions over a few leaves, and events that have to do with them. */
const scenarioOf = (types: fc.Arbitrary<string>) =>
  types.chain((type) =>
    related(type).chain(({ leaves, exprs }) =>
      fc.record({ type: fc.constant(type), exprs: fc.constant(exprs), events: events(type, leaves) }),
    ),
  );

test.each([
  { which: "of any type", types: eventTypeName, numRuns: 600 },
  { which: "without a path that is optional", types: optionalPathType, numRuns: 600 },
])("what is proven holds for events $which", ({ types, numRuns }) => {
  const claims = { never: 0, always: 0, implied: 0, matched: 0 };
  fc.assert(
    fc.property(scenarioOf(types), ({ exprs, events: seen }) => {
      const prover = new Prover(100_000);
      const truth = exprs.map((expr) => seen.map(({ fields }) => evaluate(expr, fields)));
      for (const [i, expr] of exprs.entries()) {
        const own = truth[i] as boolean[];
        if (own.includes(true)) claims.matched++;
        if (prover.excluded([expr])) {
          claims.never++;
          expect(own).not.toContain(true);
        }
        if (prover.excluded([negation(expr)])) {
          claims.always++;
          expect(own).not.toContain(false);
        }
        for (const [j, other] of exprs.entries()) {
          if (i === j || !prover.implies([expr], other)) continue;
          claims.implied++;
          own.forEach((matches, k) => {
            if (matches) expect((truth[j] as boolean[])[k]).toBe(true);
          });
        }
      }
    }),
    { numRuns },
  );
  for (const [name, count] of Object.entries(claims)) expect(count, name).toBeGreaterThan(20);
});

test("what is said to be included is", () => {
  let claims = 0;
  fc.assert(
    fc.property(scenarioOf(eventTypeName), ({ type, exprs, events: seen }) => {
      const source = { actions: [], silent: false, everyNs: undefined };
      const rules = exprs.map((expr, i) => ({ checked: { id: `r${i}`, event: type, expr }, source }));
      for (const { narrow, wide, same } of subsumptions(rules as unknown as LoadedRule[])) {
        claims++;
        for (const { fields } of seen) {
          const [inner, outer] = [narrow, wide].map((rule) => evaluate(rule.checked.expr, fields));
          if (inner) expect(outer).toBe(true);
          if (same) expect(outer).toBe(inner);
        }
      }
    }),
    { numRuns: 600 },
  );
  expect(claims).toBeGreaterThan(20);
});
