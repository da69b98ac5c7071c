/** Makes a case smaller as long as it still fails, within a time. */
import type { Case, Condition, Op, Plan, Rules } from "./plan.ts";

/** @returns how many of the attempts failed in the way that is looked for */
export type Attempt = (candidate: Case, attempts: number) => Promise<number>;

export interface Shrunk {
  readonly found: Case;
  /** Of how many runs of the case as it is now how many failed. */
  readonly failed: number;
  readonly runs: number;
}

const CONFIRM_RUNS = 10;
/** A smaller case has to fail this often to be taken: one that hardly ever fails is hard to work with. */
const ATTEMPTS_MAX = 8;

/** @param attempt ends a series as soon as one of its runs failed */
export async function shrink(start: Case, attempt: Attempt, deadlineMs: number): Promise<Shrunk> {
  if (Date.now() >= deadlineMs) return { found: start, failed: 1, runs: 1 };
  let found = start;
  const rate = await attempt(found, CONFIRM_RUNS);
  const attempts = Math.min(ATTEMPTS_MAX, Math.max(1, Math.ceil((2 * CONFIRM_RUNS) / Math.max(rate, 1)) - 1));
  let smaller = rate > 0;
  while (smaller && Date.now() < deadlineMs) {
    smaller = false;
    for (const candidate of candidates(found)) {
      if (Date.now() >= deadlineMs) break;
      if ((await failures(candidate, attempt, attempts)) === 0) continue;
      found = candidate;
      smaller = true;
      break;
    }
  }
  return { found, failed: await attempt(found, CONFIRM_RUNS), runs: CONFIRM_RUNS };
}

async function failures(candidate: Case, attempt: Attempt, attempts: number): Promise<number> {
  for (let i = 0; i < attempts; i++) if ((await attempt(candidate, 1)) > 0) return 1;
  return 0;
}

/** Smaller cases, those that save most first. */
function* candidates(found: Case): Generator<Case> {
  const { generations, plan, swapEveryMs, ...rest } = found;
  const swapping = swapEveryMs === undefined ? {} : { swapEveryMs };
  if (swapEveryMs !== undefined) yield { ...rest, generations, plan };
  for (const fewer of without(generations)) if (fewer.length > 0) yield { ...found, generations: fewer };
  for (const smaller of plans(plan)) yield { ...found, plan: smaller };
  for (const [i, rules] of generations.entries())
    for (const smaller of fewerRules(rules)) yield { generations: generations.with(i, smaller), plan, ...swapping };
}

/** The list without one part of it: halves first, single elements last. */
function* without<T>(list: readonly T[]): Generator<T[]> {
  for (let size = Math.ceil(list.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < list.length; at += size) yield [...list.slice(0, at), ...list.slice(at + size)];
}

function* plans(plan: Plan): Generator<Plan> {
  for (const lanes of without(plan.lanes)) if (lanes.length > 0) yield { ...plan, lanes };
  for (const [i, lane] of plan.lanes.entries())
    for (const ops of fewerOps(lane.ops)) yield { ...plan, lanes: plan.lanes.with(i, { ...lane, ops }) };
  for (const setup of fewerOps(plan.setup)) yield { ...plan, setup };
}

function* fewerOps(ops: readonly Op[]): Generator<readonly Op[]> {
  yield* without(ops);
  for (const [i, op] of ops.entries()) {
    if ("repeat" in op) {
      if (op.repeat > 1) yield ops.with(i, { ...op, repeat: op.repeat >> 1 });
      else yield ops.toSpliced(i, 1, ...op.ops);
      for (const inner of fewerOps(op.ops)) if (inner.length > 0) yield ops.with(i, { ...op, ops: inner });
    } else if ("fork" in op) {
      yield ops.toSpliced(i, 1, ...op.fork);
      for (const inner of fewerOps(op.fork)) if (inner.length > 0) yield ops.with(i, { fork: inner });
    }
  }
}

function* fewerRules(rules: Rules): Generator<Rules> {
  const tenants = Object.entries(rules);
  for (const fewer of without(tenants)) if (fewer.length > 0) yield Object.fromEntries(fewer);
  for (const [name, conditions] of tenants) {
    for (const fewer of without(conditions)) if (fewer.length > 0) yield { ...rules, [name]: fewer };
    for (const [i, condition] of conditions.entries())
      for (const smaller of parts(condition)) yield { ...rules, [name]: conditions.with(i, smaller) };
  }
}

function* parts(condition: Condition): Generator<Condition> {
  if (typeof condition === "string") return;
  if ("not" in condition) {
    yield condition.not;
    for (const inner of parts(condition.not)) yield { not: inner };
    return;
  }
  const [terms, wrap] = "and" in condition ? [condition.and, and] : [condition.or, or];
  yield* terms;
  for (const [i, term] of terms.entries()) for (const inner of parts(term)) yield wrap(terms.with(i, inner));
}

const and = (terms: readonly Condition[]): Condition => ({ and: terms });
const or = (terms: readonly Condition[]): Condition => ({ or: terms });
