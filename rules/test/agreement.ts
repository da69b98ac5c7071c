/**
 * What everything that judges events has to agree on: the compiled matcher with the reference evaluator, and
 * the model of the kernel stage with both, in that it passes whatever a rule matches.
 */
import { encodeSpan, RING_HEADER_BYTES, ringFootprint } from "@weir/matcher-wasm/format";
import { accessPredicates, kernelStagePasses, toSeeds } from "../src/access/index.ts";
import { evaluate } from "../src/evaluate.ts";
import type { CheckedRule, Expr } from "../src/ir.ts";
import type { TypedEvent } from "./arbitraries.ts";
import { checkedRules, contextOf, encodeStamped, expectedVerdicts, loadRules } from "./linked.ts";

/** Rules and events of one type. */
export interface JudgedCase {
  readonly type: string;
  readonly exprs: readonly Expr[];
  readonly events: readonly TypedEvent[];
}

const GENERATION = 1;
const TENANT = 3;

/** @throws Error when the kernel stage would drop an event that a rule matches */
export function assertKernelAgrees({ type, exprs, events }: JudgedCase): void {
  const rules = checkedRules(type, exprs);
  const seeds = toSeeds(rules.map(({ event, expr }) => ({ event, predicates: accessPredicates(expr) })));
  for (const { fields } of events) {
    const matching = rules.filter(({ expr }) => evaluate(expr, fields)).map(({ id }) => id);
    if (matching.length > 0 && !kernelStagePasses(seeds, type, fields))
      throw new Error(`the kernel stage drops an event that ${matching.join(", ")} match`);
  }
}

/** @throws Error when the compiled matcher says of an event what the evaluator does not, in any phase */
export async function assertMatcherAgrees({ type, exprs, events }: JudgedCase): Promise<void> {
  const rules: readonly CheckedRule[] = checkedRules(type, exprs);
  const matcher = await loadRules(rules);
  const stamp = { generation: GENERATION, tenants: 1n << BigInt(TENANT) };
  const stamped = events.map((event) => ({ ...event, stamp }));
  const records = stamped.map(encodeStamped);
  const span = encodeSpan(records);
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
