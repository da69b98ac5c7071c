import { type Field, findField, KNOWN_ALL, KNOWN_PATH, KNOWN_RECORD } from "@weir/matcher-wasm/format";
import { describe, expect, it } from "vitest";
import { evaluate, knownBits, mayMatch } from "./evaluate.ts";
import { completeEvent } from "./event.ts";
import type { Expr, Leaf } from "./ir.ts";
import { toNnf } from "./nnf.ts";

const field = (name: string): Field => {
  const found = findField(name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
};
const path = (value: string, negated = false): Leaf => ({
  kind: "string",
  field: field("open.file.path"),
  tests: [{ kind: "equals", value }],
  negated,
});
const uid = (value: bigint): Leaf => ({
  kind: "compare",
  op: "==",
  left: { kind: "intField", field: field("process.uid") },
  right: { kind: "int", value },
});
const ancestor = (negated: boolean): Leaf => ({
  kind: "string",
  field: field("process.ancestors.comm"),
  tests: [{ kind: "pattern", pattern: "AA*" }],
  negated,
});

describe("evaluate", () => {
  it("compares strings as bytes, absent ones as empty", () => {
    expect(evaluate(path("/a"), { "open.file.path": "/a" })).toBe(true);
    expect(evaluate(path("/a"), { "open.file.path": new TextEncoder().encode("/a") })).toBe(true);
    expect(evaluate(path("/a"), {})).toBe(false);
    expect(evaluate(path("", true), {})).toBe(false);
  });

  it("asks for any value of an array, negated for none", () => {
    expect(evaluate(ancestor(false), { "process.ancestors.comm": ["BBB", "AAA"] })).toBe(true);
    expect(evaluate(ancestor(true), { "process.ancestors.comm": ["BBB", "AAA"] })).toBe(false);
    expect(evaluate(ancestor(false), {})).toBe(false);
    expect(evaluate(ancestor(true), {})).toBe(true);
  });

  it("wraps at 64 bits", () => {
    const max: Expr = {
      kind: "compare",
      op: "<",
      left: {
        kind: "binary",
        op: "+",
        left: { kind: "int", value: 2n ** 63n - 1n },
        right: { kind: "intField", field: field("process.uid") },
      },
      right: { kind: "int", value: 0n },
    };
    expect(evaluate(max, { "process.uid": 1 })).toBe(true);
    expect(evaluate(max, { "process.uid": 0 })).toBe(false);
  });

  it("refuses values of another type", () => {
    expect(() => evaluate(uid(0n), { "process.uid": "0" })).toThrow("process.uid: expected int, received string");
    expect(() => evaluate(ancestor(false), { "process.ancestors.comm": "x" })).toThrow("an array of string");
  });
});

describe("mayMatch", () => {
  const expr = toNnf({ kind: "and", terms: [path("/a"), uid(3n), ancestor(false)] });
  it("takes what is unknown as true", () => {
    expect(mayMatch(expr, { "open.file.path": "/a" }, KNOWN_PATH)).toBe(true);
    expect(mayMatch(expr, { "open.file.path": "/b" }, KNOWN_PATH)).toBe(false);
    expect(mayMatch(expr, { "process.uid": 3 }, KNOWN_RECORD)).toBe(true);
    expect(mayMatch(expr, { "process.uid": 4 }, KNOWN_RECORD)).toBe(false);
    expect(mayMatch(expr, { "open.file.path": "/a", "process.uid": 3 }, KNOWN_ALL)).toBe(false);
  });
  it("knows where each field comes from", () => {
    expect(
      ["open.file.name", "rename.file.destination.path", "process.comm", "process.args"].map(field).map(knownBits),
    ).toEqual([2, 4, 1, 8]);
  });
});

describe("completeEvent", () => {
  it("derives name, length and permission bits", () => {
    expect(completeEvent("open", { "open.file.path": "/etc/pässwd", "open.file.mode": 0o100644 })).toMatchObject({
      "open.file.name": "pässwd",
      "open.file.path.length": 12,
      "open.file.rights": 0o644n,
    });
    expect(completeEvent("open", { "open.file.path": "/" })).toMatchObject({ "open.file.name": "" });
  });
});
