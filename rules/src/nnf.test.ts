import { findField } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import type { Expr, Leaf } from "./ir.ts";
import { toNnf } from "./nnf.ts";

const leaf = (value: string, negated = false): Leaf & { kind: "string" } => ({
  kind: "string",
  field: findField("open.file.path") as NonNullable<ReturnType<typeof findField>>,
  tests: [{ kind: "equals", value }],
  negated,
});
const not = (term: Expr): Expr => ({ kind: "not", term });
const a = leaf("a");
const b = leaf("b");
const c = leaf("c");
const yes: Expr = { kind: "const", value: true };
const no: Expr = { kind: "const", value: false };

test("pushes negations into leaves and flattens", () => {
  const expr: Expr = not({ kind: "and", terms: [a, not({ kind: "or", terms: [b, not(c)] })] });
  expect(toNnf(expr)).toEqual({ kind: "or", terms: [leaf("a", true), b, leaf("c", true)] });
});

test("folds constants", () => {
  expect(toNnf({ kind: "and", terms: [a, yes] })).toEqual(a);
  expect(toNnf({ kind: "and", terms: [a, no] })).toEqual(no);
  expect(toNnf({ kind: "or", terms: [a, not(no)] })).toEqual(yes);
  expect(toNnf({ kind: "or", terms: [] })).toEqual(no);
  expect(toNnf({ ...a, tests: [], negated: true })).toEqual(yes);
});

test("flips comparison operators", () => {
  const uid = findField("process.uid") as NonNullable<ReturnType<typeof findField>>;
  const less: Leaf = {
    kind: "compare",
    op: "<",
    left: { kind: "intField", field: uid },
    right: { kind: "int", value: 3n },
  };
  expect(toNnf(not(less))).toEqual({ ...less, op: ">=" });
  expect(toNnf({ ...less, left: { kind: "int", value: 1n } })).toEqual(yes);
});
