import { stripVTControlCharacters } from "node:util";
import type { CaseResult, StepResult } from "@weir/rules";
import { expect, test } from "vitest";
import { conformanceFailureText } from "./conformance.ts";
import { caseText, coverageText } from "./test-report.ts";

const step: StepResult = {
  ok: true,
  line: 3,
  event: "open",
  expected: [],
  got: [],
  missing: [],
  unexpected: [],
  unknownFields: [],
  disagreement: [],
  dropped: false,
  discarded: false,
};
const result = (...steps: readonly Partial<StepResult>[]): CaseResult => ({
  ok: steps.every(({ ok }) => ok !== false),
  file: "p.test.yaml",
  line: 2,
  column: 3,
  name: "\u001b[2Jname",
  steps: steps.map((parts) => ({ ...step, ...parts })),
});
const text = (one: CaseResult): string => stripVTControlCharacters(caseText(one));

test("a test that passed is one line", () => {
  expect(text(result({}, {}))).toBe("✓ p.test.yaml:2:3 \\u001b[2Jname");
});

test("of a sequence only the events that differ, by number", () => {
  const missing = [{ id: "a", traces: [], reason: "it judges unlink events, the event is of type open" }];
  expect(
    text(result({}, { ok: false, expected: ["a"], missing, got: ["b"], unexpected: ["b"], unknownFields: ["x.y"] })),
  ).toBe(
    `✗ p.test.yaml:2:3 \\u001b[2Jname
  event 2, a open on line 3:
    expected  a
    got       b
    - a  missing: it judges unlink events, the event is of type open
    + b  unexpected
      x.y: not known on hosts, so conditions over it count as true`,
  );
});

test("defects of Weir are named so", () => {
  expect(
    text(result({ ok: false, expected: null, got: ["a"], disagreement: ["a"], dropped: true, discarded: true })),
  ).toBe(
    `✗ p.test.yaml:2:3 \\u001b[2Jname
    got       a
    ! a  matcher and evaluator disagree: this is a defect of Weir
    ! the kernel stage would drop this event: this is a defect of Weir
    ! the directory is proven silent all the same: this is a defect of Weir`,
  );
});

test("what coverage lacks", () => {
  const rows = [
    { id: "a", positive: 1, negative: 1 },
    { id: "b", positive: 0, negative: 0 },
    { id: "c", positive: 2, negative: 0 },
  ];
  expect(stripVTControlCharacters(coverageText(rows))).toBe(
    "✗ rule b lacks an event that it is expected to match and an event of its type that it does not match\n✗ rule c lacks an event of its type that it does not match\n",
  );
});

test("matcher and evaluator that disagree, in conformance", () => {
  const failure = { line: 7, expression: "x", expected: true, evaluator: true, matcher: false } as const;
  expect(stripVTControlCharacters(conformanceFailureText("c.jsonl", failure))).toBe(
    "✗ c.jsonl:7: expected true; evaluator true, matcher false\n    x",
  );
});
