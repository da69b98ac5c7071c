/**
 * Matching on one thread: nanoseconds an event by number of rules, the copy of the span into the matcher's
 * memory included, beside the reference evaluator on the same events; and what compiling a policy of so
 * many rules takes, from its YAML to the module.
 */
import { KNOWN_ALL, KNOWN_CONTEXT } from "@weir/matcher-wasm/format";
import { Matcher } from "@weir/matcher-wasm/host";
import { analysePolicies, type CheckedRule, compilePolicies, mayMatch } from "@weir/rules";
import type { BenchOptions } from "../member.ts";
import { encodeWorkload, makeEvents, makePolicy, makeRules, type WorkloadEvent } from "../workload.ts";

export const description = "matcher: nanoseconds an event by number of rules, and compile time";

const GENERATION = 1;
const TENANT = 0;
const EVENTS = 8192;
/** Part of the rules that have no part of a path to be found by, in the second series. */
const SUFFIX_SHARE = 0.01;
const WARM_UP_ROUNDS = 50;
const REFERENCE_MS = 200;

interface Figures {
  readonly rules: number;
  readonly perEventNs: number;
  readonly eventsPerSecond: number;
  readonly verdictsPerThousandEvents: number;
  readonly referencePerEventNs: number;
  readonly timesFasterThanReference: number;
  readonly analyseMs: number;
  readonly compileMs: number;
  readonly loadMs: number;
  readonly moduleBytes: number;
}

/** Runs the series at 1 to 10,000 rules (1,000 when quick). */
export async function run({ quick, progress }: BenchOptions): Promise<Record<string, unknown>> {
  const counts = quick ? [1, 10, 100, 1000] : [1, 10, 100, 1000, 10_000];
  const samples = quick ? 25 : 101;
  // The first compilation pays for loading the compiler; it is reported, then everything is warm.
  const first = await measure(100, 0, 5);
  const keyed: Figures[] = [];
  const withSuffixRules: Figures[] = [];
  for (const count of counts) {
    for (const [share, series] of [
      [0, keyed],
      [SUFFIX_SHARE, withSuffixRules],
    ] as const) {
      const figures = await measure(count, share, samples);
      const millions = (figures.eventsPerSecond / 1e6).toFixed(1);
      progress(
        `${count} rules, ${share * 100}% by suffix: ${figures.perEventNs.toFixed(0)} ns an event, ` +
          `${millions} M events/s, compiled in ${figures.compileMs.toFixed(0)} ms`,
      );
      series.push(figures);
    }
  }
  const at = (rules: number): number => keyed.find((f) => f.rules === rules)?.perEventNs ?? Number.NaN;
  const rulesMost = counts.at(-1) as number;
  return {
    firstCompile100RulesMs: first.compileMs,
    keyed,
    withSuffixRules,
    rulesMost,
    perEventAtMostOverTenRules: at(rulesMost) / at(10),
  };
}

async function measure(count: number, suffixShare: number, samples: number): Promise<Figures> {
  const files = [{ name: "bench.yaml", text: makePolicy(makeRules(count, { suffixShare })) }];
  const compileStart = performance.now();
  const compiled = await compilePolicies(files);
  const compileMs = performance.now() - compileStart;
  if (!compiled.ok) throw new Error(`the workload's rules do not compile: ${compiled.diagnostics[0]?.message}`);
  const analyseMs = timed(() => analysePolicies(files)).ms;
  const loadStart = performance.now();
  const matcher = await Matcher.load(compiled.wasm);
  const loadMs = performance.now() - loadStart;

  const events = makeEvents(EVENTS, count);
  const { span, events: inSpan } = encodeWorkload(events, { generation: GENERATION, tenants: 1n << BigInt(TENANT) });
  let verdicts = 0;
  const round = (): void => {
    matcher.input.set(span);
    verdicts = matcher.matchBatch({ length: span.length, generation: GENERATION, tenant: TENANT }).length;
  };
  for (let i = 0; i < WARM_UP_ROUNDS; i++) round();
  const perEventNs = median(Array.from({ length: samples }, () => (timed(round).ms * 1e6) / inSpan));
  const referencePerEventNs = reference(compiled.rules, events);
  return {
    rules: count,
    perEventNs,
    eventsPerSecond: 1e9 / perEventNs,
    verdictsPerThousandEvents: (verdicts * 1000) / inSpan,
    referencePerEventNs,
    timesFasterThanReference: referencePerEventNs / perEventNs,
    analyseMs,
    compileMs,
    loadMs,
    moduleBytes: compiled.wasm.length,
  };
}

/** Every rule of the event's type, one after the other, for as many events as the time allows. */
function reference(rules: readonly CheckedRule[], events: readonly WorkloadEvent[]): number {
  const start = performance.now();
  let judged = 0;
  for (const { type, fields } of events) {
    for (const rule of rules) if (rule.event === type) mayMatch(rule.expr, fields, KNOWN_ALL & ~KNOWN_CONTEXT);
    judged++;
    if (performance.now() - start > REFERENCE_MS) break;
  }
  return ((performance.now() - start) * 1e6) / judged;
}

function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const start = performance.now();
  const result = work();
  return { result, ms: performance.now() - start };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
