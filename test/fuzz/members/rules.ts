/**
 * Random rules and events through everything that judges them, and random policies through the compiler.
 *
 * In turn: the reference evaluator against the compiled matcher and against the model of the kernel stage,
 * which must pass whatever a rule matches; then policies from valid to garbage, which must neither crash
 * the compiler nor keep it busy.
 */
import { encodeSpan, RING_HEADER_BYTES, ringFootprint } from "@weir/matcher-wasm/format";
import { accessPredicates, analysePolicies, evaluate, kernelStagePasses, toSeeds } from "@weir/rules";
import {
  checkedRules,
  contextOf,
  encodeStamped,
  expectedVerdicts,
  loadRules,
  policyTexts,
  rulesAndEvents,
  type TypedEvent,
} from "@weir/rules/testing";
import fc from "fast-check";
import type { FuzzMember } from "../member.ts";

const GENERATION = 1;
const TENANT = 3;
/** Cases between two looks at the clock. */
const BATCH_RUNS = 20;
/** A policy of a few hundred bytes that takes longer has hit something worse than linear. */
const POLICY_MS_MAX = 1000;

type Rules = ReturnType<typeof checkedRules>;

const POLICY = `macros:
  - id: shadows
    values: [/etc/shadow, /etc/gshadow]
  - id: writing
    expression: open.flags & (O_WRONLY | O_RDWR) > 0
rules:
  - id: a
    version: 1.0.0
    description: "text: \\u00e9"
    expression: >-
      open.file.path in shadows
      && writing
    tags: { severity: high }
  - id: b
    expression: 'unlink.file.path =~ "/etc/**" && process.ancestors.comm not in ["it''s", ~"x*"]'
  - id: c
    expression: |
      rename.file.path == "/a" || rename.file.destination.name == "b" # comment
    disabled: false
`;

function kernelAgrees(type: string, rules: Rules, events: readonly TypedEvent[]): void {
  const seeds = toSeeds(rules.map(({ event, expr }) => ({ event, predicates: accessPredicates(expr) })));
  for (const { fields } of events) {
    const matching = rules.filter(({ expr }) => evaluate(expr, fields)).map(({ id }) => id);
    if (matching.length > 0 && !kernelStagePasses(seeds, type, fields))
      throw new Error(`the kernel stage drops an event that ${matching.join(", ")} match`);
  }
}

async function matcherAgrees(rules: Rules, events: readonly TypedEvent[]): Promise<void> {
  const matcher = await loadRules(rules);
  const stamped = events.map((event) => ({
    ...event,
    stamp: { generation: GENERATION, tenants: 1n << BigInt(TENANT) },
  }));
  const records = stamped.map(encodeStamped);
  const span = encodeSpan(records.map((record) => ({ record, discarded: false })));
  matcher.input.set(span);
  const verdicts = matcher.matchBatch({ length: span.length, generation: GENERATION, tenant: TENANT });
  let at = 0;
  for (const [i, event] of stamped.entries()) {
    const offset = at + RING_HEADER_BYTES;
    at += ringFootprint((records[i] as Uint8Array).length);
    const expected = expectedVerdicts(rules, event);
    const here = verdicts.filter((verdict) => verdict.recordOffset === offset);
    const of = (candidate: boolean) => here.filter((v) => v.candidate === candidate).map((v) => v.rule);
    same(`event ${i}, final`, of(false), expected.final);
    same(`event ${i}, candidates`, of(true), expected.candidates);
    same(`event ${i}, with context`, matcher.matchContext(offset, contextOf(matcher, event)), expected.withContext);
  }
}

function same(what: string, received: readonly number[], expected: readonly number[]): void {
  const [a, b] = [received, expected].map((list) => [...list].sort((x, y) => x - y).join(" "));
  if (a !== b) throw new Error(`${what}: the matcher says rules [${a}], the evaluator [${b}]`);
}

const judging = fc.asyncProperty(rulesAndEvents({ rulesMax: 8, eventsMax: 8 }), async ({ type, exprs, events }) => {
  const rules = checkedRules(type, exprs);
  kernelAgrees(type, rules, events);
  await matcherAgrees(rules, events);
});

/** Rules one at a time, so that no other rule's approvers cover for a missing one; without a module to link it is quick. */
const filtering = fc.property(rulesAndEvents({ rulesMax: 1, eventsMax: 12 }), ({ type, exprs, events }) => {
  kernelAgrees(type, checkedRules(type, exprs), events);
});

const compiling = fc.property(policyTexts(POLICY), (text) => {
  const start = performance.now();
  const { ok, diagnostics, rules } = analysePolicies([{ name: "policy.yaml", text }]);
  const took = performance.now() - start;
  if (took > POLICY_MS_MAX) throw new Error(`the compiler took ${Math.round(took)} ms`);
  if (ok === diagnostics.some(({ severity }) => severity === "error"))
    throw new Error(`ok is ${ok} against the diagnostics`);
  if (ok && rules.length === 0) throw new Error("compiles to nothing without an error");
});

/** Fields by name, 64-bit integers as text, so that a counterexample can be read. */
function readable(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  const isField = typeof value === "object" && value !== null && "source" in value && "name" in value;
  return isField ? value.name : value;
}

export const description: FuzzMember["description"] =
  "rules: compiled matcher and kernel model equal the evaluator; no policy crashes the compiler";

export const run: FuzzMember["run"] = async ({ seed, deadlineMs, progress }) => {
  let cases = 0;
  for (let batch = 0; Date.now() < deadlineMs; batch++) {
    const options = { seed: (seed + batch) | 0, numRuns: BATCH_RUNS };
    const judged = await fc.check(judging, options);
    const filtered = fc.check(filtering, { ...options, numRuns: BATCH_RUNS * 10 });
    for (const details of [judged, filtered, fc.check(compiling, options)]) {
      cases += details.numRuns;
      progress(cases);
      if (!details.failed) continue;
      const reason =
        details.errorInstance instanceof Error ? details.errorInstance.stack : String(details.errorInstance);
      throw new Error(`${reason}\ncase: ${JSON.stringify(details.counterexample, readable)}`);
    }
  }
  return { cases };
};
