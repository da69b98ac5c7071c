/**
 * What everything that judges events has to agree on: the compiled matcher with the reference evaluator, and
 * the model of the kernel stage with both, in that it passes whatever a rule matches. Nothing matches in a
 * directory that is proven silent, and the matcher proves what the model does.
 */
import { encodeSpan, eventTypeByName, RING_HEADER_BYTES, ringFootprint } from "@weir/matcher-wasm/format";
import { directoryField } from "../src/access/directory.ts";
import { accessPredicates, directoryProof, kernelStagePasses, toSeeds } from "../src/access/index.ts";
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

/** @throws Error when the directory of an event that a rule matches is proven silent */
export function assertProofsHold({ type, exprs, events }: JudgedCase): void {
  const rules = checkedRules(type, exprs);
  const proven = directoryProof(rules, type);
  for (const event of events) {
    const matching = rules.filter(({ expr }) => evaluate(expr, event.fields)).map(({ id }) => id);
    const directory = directoryOf(event);
    if (matching.length > 0 && directory !== null && proven(directory))
      throw new Error(`${directory} is proven silent, and ${matching.join(", ")} match in it`);
  }
}

/** @throws Error when the compiled matcher proves other directories of the events than the model */
export async function assertMatcherProves({ type, exprs, events }: JudgedCase): Promise<void> {
  const rules = checkedRules(type, exprs);
  const matcher = await loadRules(rules);
  const proven = directoryProof(rules, type);
  for (const directory of new Set(events.map(directoryOf)))
    if (directory !== null && matcher.prove(eventTypeByName(type)?.id ?? 0, directory) !== proven(directory))
      throw new Error(`${directory}: the model says ${proven(directory)}, the matcher does not`);
}

/** @returns in which directory the event's file lies, null when it lies in none */
function directoryOf({ type, fields }: TypedEvent): string | null {
  const path = fields[directoryField(type)?.name ?? ""];
  if (typeof path !== "string" || path === "/") return null;
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function same(what: string, received: readonly number[], expected: readonly number[]): void {
  const [a, b] = [received, expected].map((list) => [...list].sort((x, y) => x - y).join(" "));
  if (a !== b) throw new Error(`${what}: the matcher says rules [${a}], the evaluator [${b}]`);
}
