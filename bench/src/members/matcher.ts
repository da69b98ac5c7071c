/**
 * Judging events on one thread, by number of rules: the matcher, the copy of each span out of the ring included,
 * beside one generated JavaScript function and the reference evaluator, in turns, on the same events. Over a
 * realistic set of rules and over such as leave nothing to select by.
 *
 * The generated function gets its events decoded and with all their context, for nothing. The matcher reads
 * records; context is handed to it where it asks.
 */
import { decodeRecord, eventTypeByName } from "@weir/matcher-wasm/format";
import { compilePolicies } from "@weir/rules";
import { checkAgreement } from "../agreement.ts";
import { type Contender, interleave, spread } from "../interleave.ts";
import { Matching } from "../matching.ts";
import type { BenchOptions } from "../member.ts";
import { type RingedEvent, ringOf, type Span } from "../workload/ring.ts";
import { ADVERSARIAL, policyFiles, REALISTIC, type Scenario, scenarioEvents } from "../workload/scenarios.ts";

export const description = "matcher: events a second by number of rules, beside generated JavaScript and the evaluator";

/** Of design: what shall be reached, on the realistic rules. */
const TARGET_EVENTS_PER_SECOND_1000_RULES = 3e6;
const TARGET_COST_10000_OVER_10_RULES = 2;

const EVENTS = 4096;
/** A round of a slow contender judges fewer events, but still some of each type. */
const ROUND_MS = 2;
const EVENTS_MIN = 32;

interface Figures {
  readonly rules: number;
  /** First pass. */
  readonly perEventNs: number;
  readonly eventsPerSecond: number;
  readonly candidatesPerEvent: number;
  readonly matchesPerThousandEvents: number;
  /** Both passes; what the others are compared with, since they know all context. */
  readonly withContextPerEventNs: number;
  readonly javascriptPerEventNs: number;
  readonly javascriptOverMatcher: number;
  readonly referencePerEventNs: number;
  readonly referenceOverMatcher: number;
  readonly provePerDirectoryNs: number;
  /** Part of the events' directories that are proven silent for the event's type. */
  readonly provenSilent: number;
  readonly moduleBytes: number;
  /** Events on which matcher and generated function were checked to agree, and the evaluator with them. */
  readonly eventsAgreed: number;
  readonly eventsAgreedWithReference: number;
}

interface Effort {
  readonly budgetMs: number;
  readonly roundsMin: number;
  readonly events: number;
}

const FULL: Effort = { budgetMs: 250, roundsMin: 3, events: EVENTS };
const QUICK: Effort = { budgetMs: 60, roundsMin: 1, events: EVENTS / 4 };

/** Runs all scenarios at 1 to 10,000 rules; quick: the realistic one at 10 and 1,000, the others at 100. */
export async function run({ quick, progress }: BenchOptions): Promise<Record<string, unknown>> {
  const effort = quick ? QUICK : FULL;
  const counts = [1, 10, 100, 1000, 10_000];
  const series = async (scenario: Scenario, counts: readonly number[]) => {
    const byRules: Figures[] = [];
    for (const rules of counts) {
      const figures = await measure(scenario, rules, effort);
      progress(`${scenario.name}, ${rules} rules: ${summary(figures)}`);
      byRules.push(figures);
    }
    return { about: scenario.about, byRules };
  };
  const realistic = await series(REALISTIC, quick ? [10, 1000] : counts);
  const adversarial: Record<string, unknown> = {};
  for (const scenario of ADVERSARIAL) adversarial[scenario.name] = await series(scenario, quick ? [100] : counts);
  return { targets: targets(realistic.byRules), decodePerEventNs: decoding(), realistic, adversarial };
}

async function measure(scenario: Scenario, ruleCount: number, effort: Effort): Promise<Figures> {
  const compiled = await compilePolicies(policyFiles(scenario, ruleCount));
  if (!compiled.ok) throw new Error(`${scenario.name}: the rules do not compile: ${compiled.diagnostics[0]?.message}`);
  const { events, spans } = ringOf(scenarioEvents(scenario, ruleCount, effort.events));
  const matching = await Matching.load(compiled.rules, compiled.wasm, events);
  const agreement = checkAgreement(matching, spans, { budgetMs: effort.budgetMs, byReferenceMin: 8 });

  const indices = [...events.keys()];
  const unitsOf = (span: Span): number => span.offsets.length;
  const directories = directoriesOf(events);
  const timings = interleave(
    {
      first: contender(spans, unitsOf, (span) => matching.firstPass(span)),
      both: contender(spans, unitsOf, (span) => matching.bothPasses(span)),
      javascript: contender(indices, one, (event) => matching.byJavascript(event)),
      reference: contender(indices, one, (event) => matching.byReference(event)),
      prove: contender(directories, one, ({ type, path }) => matching.matcher.prove(type, path)),
    },
    effort,
  );
  const [perEventNs, both] = [timings.first.perUnitNs, timings.both.perUnitNs];
  return {
    rules: ruleCount,
    perEventNs,
    eventsPerSecond: 1e9 / perEventNs,
    withContextPerEventNs: both,
    javascriptPerEventNs: timings.javascript.perUnitNs,
    javascriptOverMatcher: timings.javascript.perUnitNs / both,
    referencePerEventNs: timings.reference.perUnitNs,
    referenceOverMatcher: timings.reference.perUnitNs / both,
    provePerDirectoryNs: timings.prove.perUnitNs,
    provenSilent:
      directories.filter(({ type, path }) => matching.matcher.prove(type, path)).length / directories.length,
    candidatesPerEvent: agreement.candidates / agreement.events,
    matchesPerThousandEvents: (agreement.matches * 1000) / agreement.events,
    moduleBytes: compiled.wasm.length,
    eventsAgreed: agreement.events,
    eventsAgreedWithReference: agreement.byReference,
  };
}

const one = (): number => 1;

/** A contender whose rounds take about ROUND_MS: all of the work, or an even selection of it. */
function contender<T>(all: readonly T[], unitsOf: (work: T) => number, judge: (work: T) => unknown): Contender {
  const probe = spread(all, 4);
  const start = performance.now();
  for (const work of probe) judge(work);
  const perWorkMs = (performance.now() - start) / probe.length;
  const perWork = all.reduce((sum, work) => sum + unitsOf(work), 0) / all.length;
  const selected = spread(all, Math.max(ROUND_MS / perWorkMs, EVENTS_MIN / perWork));
  return {
    units: selected.reduce((sum, work) => sum + unitsOf(work), 0),
    round: () => {
      for (const work of selected) judge(work);
    },
  };
}

/** Directories of the events' files with the types of the events, each pair once, as bytes of a record are. */
function directoriesOf(events: readonly RingedEvent[]): { readonly type: number; readonly path: Uint8Array }[] {
  const pairs = new Map<string, { readonly type: number; readonly path: Uint8Array }>();
  const encoder = new TextEncoder();
  for (const { type, fields } of events) {
    const path = fields[`${type}.file.path`];
    const { id, file } = eventTypeByName(type) ?? {};
    if (typeof path !== "string" || id === undefined || file !== true) continue;
    const directory = path.slice(0, path.lastIndexOf("/")) || "/";
    pairs.set(`${type} ${directory}`, { type: id, path: encoder.encode(directory) });
  }
  return [...pairs.values()];
}

/** What decoding a record to an object takes, which the generated function is not charged for. */
function decoding(): number {
  const { spans } = ringOf(scenarioEvents(REALISTIC, 1, EVENTS));
  const decode = contender(
    spans,
    (span) => span.offsets.length,
    ({ bytes, offsets }) => {
      for (const offset of offsets) decodeRecord(bytes, offset);
    },
  );
  return interleave({ decode }, FULL).decode.perUnitNs;
}

function targets(byRules: readonly Figures[]): Record<string, unknown>[] {
  const at = (rules: number): Figures | undefined => byRules.find((figures) => figures.rules === rules);
  const ratio = (at(10_000)?.perEventNs ?? Number.NaN) / (at(10)?.perEventNs ?? Number.NaN);
  return [
    {
      what: "events a second at 1,000 rules",
      target: `at least ${TARGET_EVENTS_PER_SECOND_1000_RULES}`,
      measured: at(1000)?.eventsPerSecond,
    },
    {
      what: "cost of an event at 10,000 rules over that at 10",
      target: `at most ${TARGET_COST_10000_OVER_10_RULES}`,
      ...(Number.isNaN(ratio) ? {} : { measured: ratio }),
    },
  ];
}

function summary(figures: Figures): string {
  const ns = (value: number): string => `${Number(value.toPrecision(3))} ns`;
  return (
    `${ns(figures.perEventNs)} an event, ${ns(figures.withContextPerEventNs)} with context; ` +
    `JavaScript ${figures.javascriptOverMatcher.toPrecision(2)} times that, ` +
    `the evaluator ${figures.referenceOverMatcher.toPrecision(2)}; proof ${ns(figures.provePerDirectoryNs)}`
  );
}
