import { analysePolicies } from "@weir/rules";
import { expect, test } from "vitest";
import { ringOf } from "./ring.ts";
import { ADVERSARIAL, policyFiles, REALISTIC, scenarioEvents, scenarioOf } from "./scenarios.ts";

test.each([REALISTIC, ...ADVERSARIAL])(
  "$name: rules compile without complaint, more of them begin with the same",
  (scenario) => {
    const [few, more] = [30, 60].map((rules) => analysePolicies(policyFiles(scenario, rules)));
    expect(more?.diagnostics).toEqual([]);
    const declared = scenario.declarations?.length ?? 0;
    expect(more?.rules).toHaveLength(60 + declared);
    const ids = (analysis: typeof few): string[] => analysis?.rules.map(({ checked }) => checked.id) ?? [];
    expect(ids(more)).toEqual(expect.arrayContaining(ids(few)));
  },
);

test("events are the same each time, of several types, and lie in the spans in their order", () => {
  const draw = () => scenarioEvents(REALISTIC, 100, 600);
  expect(draw()).toEqual(draw());
  const { events, spans } = ringOf(draw());
  expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(4);
  expect(spans.length).toBeGreaterThan(1);
  expect(spans.map(({ first }) => first)).toEqual(
    spans.map((_, i) => spans.slice(0, i).reduce((sum, { offsets }) => sum + offsets.length, 0)),
  );
  expect(spans.reduce((sum, { offsets }) => sum + offsets.length, 0)).toBe(events.length);
});

test("an unknown scenario is refused by name", () => {
  expect(() => scenarioOf("x")).toThrow("scenario 'x': expected one of realistic");
});
