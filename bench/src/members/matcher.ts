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
import { type Contender, interleave, spread, type Timing } from "../interleave.ts";
import { Matching } from "../matching.ts";
import type { BenchOptions } from "../member.ts";
import { type RingedEvent, ringOf, SPAN_BYTES_MAX, type Span } from "../workload/ring.ts";
import { ADVERSARIAL, policyFiles, REALISTIC, type Scenario, scenarioEvents } from "../workload/scenarios.ts";

export const description = "matcher: events a second by number of rules, beside generated JavaScript and the evaluator";

/** Of design: what shall be reached, on the realistic rules. */
const TARGET_EVENTS_PER_SECOND_1000_RULES = 3e6;
const TARGET_COST_10000_OVER_10_RULES = 2;

const EVENTS = 4096;
/** A round of a slow contender judges fewer events, but still some of each type. */
const ROUND_MS = 2;
const EVENTS_MIN = 32;
/** From so many rules on nothing is quick in an adversarial scenario: rounds of whole spans would take seconds. */
const MANY_RULES = 1000;
const SHORT_SPAN_BYTES = SPAN_BYTES_MAX / 8;

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
  /** Absent for the most rules of adversarial scenarios: a second an event, and in proportion to the rules. */
  readonly referencePerEventNs?: number;
  readonly referenceOverMatcher?: number;
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

const FULL: Effort = { budgetMs: 150, roundsMin: 2, events: EVENTS };
const QUICK: Effort = { budgetMs: 60, roundsMin: 1, events: EVENTS / 4 };

/** Runs all scenarios at 1 to 10,000 rules; quick: the realistic one at 10 and 1,000, the others at 100. */
export async function run({ quick, progress }: BenchOptions): Promise<Record<string, unknown>> {
  const effort = quick ? QUICK : FULL;
  const counts = [1, 10, 100, 1000, 10_000];
  const series = async (scenario: Scenario, counts: readonly number[], onReady: (ready: Ready) => void = () => {}) => {
    const byRules: (Figures | NotCompiled)[] = [];
    for (const rules of counts) {
      const ready = await prepare(scenario, rules, effort);
      const figures = "notCompiled" in ready ? ready : measure(ready, effort);
      progress(`${scenario.name}, ${rules} rules: ${summary(figures)}`);
      byRules.push(figures);
      if ("matching" in ready) onReady(ready);
    }
    return { about: scenario.about, byRules };
  };
  const kept: Ready[] = [];
  const realistic = await series(REALISTIC, quick ? [10, 1000] : counts, (ready) => kept.push(ready));
  const targets = sideBySide(kept, effort);
  const adversarial: Record<string, unknown> = {};
  for (const scenario of ADVERSARIAL) adversarial[scenario.name] = await series(scenario, quick ? [100] : counts);
  return { targets, decodePerEventNs: decoding(), realistic, adversarial };
}

interface NotCompiled {
  readonly rules: number;
  readonly notCompiled: string;
}

/** Rules and events of a scenario, loaded. */
interface Ready {
  readonly rules: number;
  readonly matching: Matching;
  readonly spans: readonly Span[];
  readonly withReference: boolean;
  readonly moduleBytes: number;
}

async function prepare(scenario: Scenario, rules: number, effort: Effort): Promise<Ready | NotCompiled> {
  const compiled = await compilePolicies(policyFiles(scenario, rules));
  if (!compiled.ok) {
    const error = compiled.diagnostics.find(({ severity }) => severity === "error");
    // A limit of the compiler is a result.
    if (error?.code === "limit" || error?.code === "set-too-large") return { rules, notCompiled: error.message };
    throw new Error(`${scenario.name}: the rules do not compile: ${error?.message}`);
  }
  const isHard = scenario !== REALISTIC && rules >= MANY_RULES;
  const drawn = scenarioEvents(scenario, rules, effort.events);
  const { events, spans } = ringOf(drawn, isHard ? SHORT_SPAN_BYTES : SPAN_BYTES_MAX);
  const matching = await Matching.load(compiled.rules, compiled.wasm, events);
  return { rules, matching, spans, withReference: !isHard || rules === MANY_RULES, moduleBytes: compiled.wasm.length };
}

const unitsOf = (span: Span): number => span.offsets.length;

function measure({ rules, matching, spans, withReference, moduleBytes }: Ready, effort: Effort): Figures {
  const agreement = checkAgreement(matching, spans, {
    budgetMs: effort.budgetMs,
    byReferenceMin: withReference ? 8 : 2,
  });
  const { events } = matching;
  const indices = [...events.keys()];
  const directories = directoriesOf(events);
  const referenceMin = rules < MANY_RULES ? EVENTS_MIN : EVENTS_MIN / 4;
  const timings = interleave(
    {
      first: contender(spans, unitsOf, (span) => matching.firstPass(span)),
      both: contender(spans, unitsOf, (span) => matching.bothPasses(span)),
      javascript: contender(indices, one, (event) => matching.byJavascript(event)),
      prove: contender(directories, one, ({ type, path }) => matching.matcher.prove(type, path)),
      reference: withReference
        ? contender(indices, one, (event) => matching.byReference(event), referenceMin)
        : undefined,
    },
    effort,
  );
  const [perEventNs, both] = [timings.first.perUnitNs, timings.both.perUnitNs];
  const reference = timings.reference?.perUnitNs;
  return {
    rules,
    perEventNs,
    eventsPerSecond: 1e9 / perEventNs,
    withContextPerEventNs: both,
    javascriptPerEventNs: timings.javascript.perUnitNs,
    javascriptOverMatcher: timings.javascript.perUnitNs / both,
    ...(reference === undefined ? {} : { referencePerEventNs: reference, referenceOverMatcher: reference / both }),
    provePerDirectoryNs: timings.prove.perUnitNs,
    provenSilent:
      directories.filter(({ type, path }) => matching.matcher.prove(type, path)).length / directories.length,
    candidatesPerEvent: agreement.candidates / agreement.events,
    matchesPerThousandEvents: (agreement.matches * 1000) / agreement.events,
    moduleBytes,
    eventsAgreed: agreement.events,
    eventsAgreedWithReference: agreement.byReference,
  };
}

const one = (): number => 1;

/** A contender whose rounds take about ROUND_MS: all of the work, or an even selection of at least `unitsMin`. */
function contender<T>(
  all: readonly T[],
  unitsOf: (work: T) => number,
  judge: (work: T) => unknown,
  unitsMin = EVENTS_MIN,
): Contender {
  const probe = spread(all, 2);
  const start = performance.now();
  for (const work of probe) judge(work);
  const perWorkMs = (performance.now() - start) / probe.length;
  const perWork = all.reduce((sum, work) => sum + unitsOf(work), 0) / all.length;
  const selected = spread(all, Math.max(ROUND_MS / perWorkMs, unitsMin / perWork));
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

/** The targets, with all numbers of rules measured in turns, so that a machine that changes its pace does not count. */
function sideBySide(ready: readonly Ready[], { budgetMs }: Effort): Record<string, unknown>[] {
  const effort = { budgetMs: 2 * budgetMs, roundsMin: 5 };
  const contenders = ready.flatMap(({ rules, matching, spans }) => {
    const ofFiles = ringOf(matching.events.filter(({ type }) => type !== "exec")).spans;
    return [
      [`all ${rules}`, contender(spans, unitsOf, (span) => matching.firstPass(span))],
      [`files ${rules}`, contender(ofFiles, unitsOf, (span) => matching.firstPass(span))],
    ] as const;
  });
  const timings: Readonly<Record<string, Timing>> = interleave(Object.fromEntries(contenders), effort);
  const ns = (events: string, rules: number): number => timings[`${events} ${rules}`]?.perUnitNs ?? Number.NaN;
  const ratio = (events: string): object => {
    const measured = ns(events, 10_000) / ns(events, 10);
    return Number.isNaN(measured) ? {} : { measured };
  };
  const atMost = `at most ${TARGET_COST_10000_OVER_10_RULES}`;
  return [
    {
      what: "events a second at 1,000 rules",
      target: `at least ${TARGET_EVENTS_PER_SECOND_1000_RULES}`,
      measured: 1e9 / ns("all", 1000),
    },
    { what: "cost of an event at 10,000 rules over that at 10", target: atMost, ...ratio("all") },
    { what: "the same of file events alone", target: atMost, ...ratio("files") },
  ];
}

function summary(figures: Figures | NotCompiled): string {
  if ("notCompiled" in figures) return figures.notCompiled;
  const ns = (value: number): string => `${Number(value.toPrecision(3))} ns`;
  const times = (value: number): string => `${Number(value.toPrecision(2))} times that`;
  const { referenceOverMatcher: reference } = figures;
  return (
    `${ns(figures.perEventNs)} an event, ${ns(figures.withContextPerEventNs)} with context; ` +
    `JavaScript ${times(figures.javascriptOverMatcher)}, ` +
    `${reference === undefined ? "" : `the evaluator ${times(reference)}; `}proof ${ns(figures.provePerDirectoryNs)}`
  );
}
