/** The table of the corpus: generated, complete, and not by hand. */
import { expect, test } from "vitest";
import { differences, merge, parseDocument, render } from "./coverage.ts";
import { coverageDocument } from "./expectations.ts";
import type { Result } from "./result.ts";
import { MISSED, programNames, TECHNIQUES } from "./techniques.ts";

const names = TECHNIQUES.map(({ name }) => name);

test("each program is a technique with its expectation, and the other way round", () => {
  expect([...names].sort()).toEqual(programNames().sort());
  expect(MISSED.flatMap(({ techniques }) => techniques).filter((name) => !names.includes(name))).toEqual([]);
});

test("the document is what its results and the expectations make, whole and with a reason for every miss", () => {
  const text = coverageDocument();
  const columns = parseDocument(text);
  expect(render(columns)).toBe(text);
  for (const [head, column] of columns) expect([...column.keys()], head).toEqual(names);
  expect(text).not.toContain("(?)");
});

test("a result replaces what the document said of its mode and kernel, and nothing else", () => {
  const result = (name: string, fields: Partial<Result>): Result => ({
    mode: "tracepoint",
    kernel: "6.1",
    name,
    detected: false,
    expected: "detected",
    ...fields,
  });
  const before = merge("", [
    result("chmod", { detected: true }),
    result("chmod", { detected: true, mode: "trampoline", kernel: "5.17" }),
  ]);
  const now = [result("chmod", {}), result("chown", { unsupported: "no such call" })];
  expect(differences(before, now)).toEqual([
    "chmod, 6.1 tracepoint: no, the document says yes",
    "chown, 6.1 tracepoint: n/a, the document says nothing",
  ]);
  const after = merge(before, now);
  expect(differences(after, now)).toEqual([]);
  expect([...parseDocument(after).keys()]).toEqual(["5.17 trampoline", "6.1 tracepoint"]);
  expect(parseDocument(after).get("5.17 trampoline")).toEqual(new Map([["chmod", "yes"]]));
});
