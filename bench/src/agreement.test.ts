import { compilePolicies } from "@weir/rules";
import { expect, test } from "vitest";
import { checkAgreement } from "./agreement.ts";
import { Matching } from "./matching.ts";
import { ringOf } from "./workload/ring.ts";
import { ADVERSARIAL, policyFiles, REALISTIC, scenarioEvents } from "./workload/scenarios.ts";

const EVENTS = 1000;
const RULES = 12;

test.each([REALISTIC, ...ADVERSARIAL])("$name: all ways to judge agree, on events that match too", async (scenario) => {
  const compiled = await compilePolicies(policyFiles(scenario, RULES));
  if (!compiled.ok) throw new Error(compiled.diagnostics[0]?.message);
  const { events, spans } = ringOf(scenarioEvents(scenario, RULES, EVENTS));
  const matching = await Matching.load(compiled.rules, compiled.wasm, events);
  const agreement = checkAgreement(matching, spans, { budgetMs: 60_000, byReferenceMin: 40 });
  expect(agreement.events).toBe(EVENTS);
  expect(agreement.matches).toBeGreaterThan(0);
  expect(agreement.byReference).toBeGreaterThanOrEqual(40);
  expect(spans.reduce((sum, span) => sum + matching.bothPasses(span), 0)).toBe(agreement.matches);
});

test("a disagreement names the event and both answers", async () => {
  const [one, other] = await Promise.all([1, 2].map((rules) => compilePolicies(policyFiles(REALISTIC, rules))));
  if (!one?.ok || !other?.ok) throw new Error("the rules do not compile");
  const { events, spans } = ringOf([
    { type: "open", fields: { "open.file.path": "/srv/app0/config.yaml", "open.flags": 1 } },
  ]);
  const matching = await Matching.load(other.rules.slice(1), one.wasm, events);
  expect(() => checkAgreement(matching, spans, { budgetMs: 10, byReferenceMin: 1 })).toThrow(
    /disagree on open event 0: javascript says rules \[\], matcher says rules \[0\]/,
  );
});
