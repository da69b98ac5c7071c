/**
 * Tests of policies: events before the compiled matcher and before the reference evaluator, and what is
 * expected of them.
 *
 * A test fails as well when the two disagree, and when the kernel stage would drop an event that a rule
 * matches. Conditions on the host (`filters`) count as true.
 */
import { type AnalyseOptions, type Analysis, analysePolicies, type LoadedRule } from "../analyse.ts";
import { compareText, type Diagnostic, diagnosticAt } from "../diagnostics.ts";
import type { TypedEvent } from "../events/index.ts";
import type { PolicyInput } from "../policy/index.ts";
import { suggestion } from "../suggest.ts";
import type { TraceNode } from "../trace.ts";
import { type Coverage, CoverageCount } from "./coverage.ts";
import { type NamedRule, readTests, type TestCase, type TestStep } from "./document.ts";
import { type JudgedEvent, PolicySet } from "./policy-set.ts";

/** A file of tests. */
export interface TestFile extends PolicyInput {
  /** Name of the policy file whose rules it is about; undefined: of all rules. */
  readonly policy?: string;
}

export interface MissingRule {
  readonly id: string;
  /** Why the rule does not match; several for a rule that judges several kinds of event. */
  readonly traces: readonly TraceNode[];
  /** Said where there is no trace, because the rule judges other events. */
  readonly reason?: string;
}

export interface StepResult {
  readonly ok: boolean;
  readonly line: number;
  readonly event: string;
  /** Null where the test names only rules that do not match. */
  readonly expected: readonly string[] | null;
  readonly got: readonly string[];
  readonly missing: readonly MissingRule[];
  readonly unexpected: readonly string[];
  /** Fields that unexpected rules read and no host knows: conditions over them counted as true. */
  readonly unknownFields: readonly string[];
  /** Rules of which matcher and evaluator say different things. */
  readonly disagreement: readonly string[];
  /** The kernel stage would drop the event, although rules match it. */
  readonly dropped: boolean;
  /** Its directory is proven silent, although rules match it. */
  readonly discarded: boolean;
}

export interface CaseResult {
  readonly ok: boolean;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly name?: string;
  readonly steps: readonly StepResult[];
}

export type PolicyTestResult =
  /** Policies or tests have errors; nothing was run. */
  | { readonly ran: false; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly ran: true;
      readonly passed: number;
      readonly failed: number;
      readonly cases: readonly CaseResult[];
      /** Of each loaded rule that the files are about, by id. */
      readonly coverage: readonly Coverage[];
      /** Warnings only. */
      readonly diagnostics: readonly Diagnostic[];
    };

/** Runs all tests on the policies as one set. Bad input is reported in the diagnostics, never thrown. */
export async function testPolicies(
  policies: readonly PolicyInput[],
  tests: readonly TestFile[],
  options: AnalyseOptions = {},
): Promise<PolicyTestResult> {
  const analysis = analysePolicies(policies, options);
  const files = tests.map((file) => ({ file, ...readTests(file) }));
  const problems = files.flatMap(({ file, cases, diagnostics }) => [
    ...diagnostics,
    ...(analysis.ok ? unknownRules(analysis, file, cases) : []),
  ]);
  const { diagnostics } = analysis;
  if (!analysis.ok || problems.length > 0) return { ran: false, diagnostics: [...diagnostics, ...problems] };
  const set = await PolicySet.load(analysis);
  if (!(set instanceof PolicySet)) return { ran: false, diagnostics: set };
  const wrong = files.flatMap(({ cases }) =>
    cases.flatMap(({ steps }) => steps.flatMap((s) => wrongVariables(set, s))),
  );
  if (wrong.length > 0) return { ran: false, diagnostics: [...diagnostics, ...wrong] };
  const results: CaseResult[] = [];
  const coverage = new CoverageCount(set.rules.filter((rule) => files.some(({ file }) => isAbout(file, rule))));
  for (const { file, cases } of files) {
    const about = set.rules.filter((rule) => isAbout(file, rule));
    for (const one of cases) results.push(runCase(set, about, one, coverage));
  }
  const passed = results.filter((result) => result.ok).length;
  return {
    ran: true,
    passed,
    failed: results.length - passed,
    cases: results,
    coverage: coverage.rows(),
    diagnostics,
  };
}

const isAbout = ({ policy }: TestFile, { source }: LoadedRule): boolean =>
  policy === undefined || source.idPlace.file.name === policy;

/** Rules that tests name and that are not there, or not loaded. */
function unknownRules(analysis: Analysis, file: TestFile, cases: readonly TestCase[]): Diagnostic[] {
  const loaded = new Set(analysis.rules.filter((rule) => isAbout(file, rule)).map((rule) => rule.checked.id));
  const named = cases.flatMap(({ steps }) =>
    steps.flatMap(({ expect, expectNot }) => [...(expect ?? []), ...expectNot]),
  );
  return named
    .filter(({ id }) => !loaded.has(id))
    .map(({ id, place }) => {
      const status = analysis.statuses.find((row) => row.id === id);
      const message =
        status === undefined
          ? `unknown rule \`${id}\``
          : status.state === "loaded"
            ? `rule \`${id}\` is in another policy, ${status.file}`
            : `rule \`${id}\` is not loaded: ${status.reason ?? status.state}`;
      const hint = status === undefined ? suggestion(id, loaded) : undefined;
      return diagnosticAt(place, { severity: "error", code: "unknown-rule", message, hint });
    });
}

function wrongVariables(set: PolicySet, { event, keys, place }: TestStep): Diagnostic[] {
  const result = set.accept(event);
  if (result.ok) return [];
  return result.problems.map(({ key, message, hint }) =>
    diagnosticAt(keys.get(key) ?? place, { severity: "error", code: "event", message: `${key}: ${message}`, hint }),
  );
}

/** The event as it was found to be fine before. */
function accepted(set: PolicySet, event: TypedEvent): TypedEvent {
  const result = set.accept(event);
  return result.ok ? result.event : event;
}

function runCase(set: PolicySet, about: readonly LoadedRule[], one: TestCase, coverage: CoverageCount): CaseResult {
  const session = set.session();
  const steps = one.steps.map((step) => {
    const judged = session.judge(accepted(set, step.event));
    const result = runStep(set, about, step, judged);
    coverage.add(step, judged);
    return result;
  });
  const { file, offset } = one.place;
  const { line, column } = file.locate(offset);
  return {
    ok: steps.every((step) => step.ok),
    file: file.name,
    line,
    column,
    ...(one.name === undefined ? {} : { name: one.name }),
    steps,
  };
}

const unique = (ids: readonly string[]): string[] => [...new Set(ids)].sort(compareText);

function runStep(set: PolicySet, about: readonly LoadedRule[], step: TestStep, judged: JudgedEvent): StepResult {
  const ids = new Set(about.map((rule) => rule.checked.id));
  const idsOf = (rules: readonly LoadedRule[]): string[] => unique(rules.map((rule) => rule.checked.id));
  const got = idsOf(judged.matcher);
  const relevant = got.filter((id) => ids.has(id));
  const expected = step.expect?.map((rule) => rule.id) ?? null;
  const unexpected = unique([
    ...(expected === null ? [] : relevant.filter((id) => !expected.includes(id))),
    ...step.expectNot.map((rule) => rule.id).filter((id) => got.includes(id)),
  ]);
  const missing = (step.expect ?? [])
    .filter(({ id }) => !got.includes(id))
    .map((rule) => explainMissing(set, rule, judged));
  const evaluated = idsOf(judged.evaluator);
  const disagreement = unique([
    ...got.filter((id) => !evaluated.includes(id)),
    ...evaluated.filter((id) => !got.includes(id)),
  ]);
  const dropped = judged.matcher.length > 0 && !judged.kernel.passes;
  const discarded = judged.matcher.length > 0 && judged.silent;
  const { file, offset } = step.place;
  return {
    ok: unexpected.length + missing.length + disagreement.length === 0 && !dropped && !discarded,
    line: file.lineOf(offset),
    event: step.event.type,
    expected,
    got: relevant,
    missing,
    unexpected,
    unknownFields: unique(
      judged.matcher.filter(({ checked }) => unexpected.includes(checked.id)).flatMap((rule) => judged.unknown(rule)),
    ),
    disagreement,
    dropped,
    discarded,
  };
}

function explainMissing(set: PolicySet, { id }: NamedRule, judged: JudgedEvent): MissingRule {
  const rules = set.rules.filter((rule) => rule.checked.id === id);
  const fitting = rules.filter((rule) => rule.checked.event === judged.event.type);
  if (fitting.length > 0) return { id, traces: fitting.map((rule) => judged.trace(rule)) };
  const types = rules.map((rule) => rule.checked.event).join(", ");
  return { id, traces: [], reason: `it judges ${types} events, the event is of type ${judged.event.type}` };
}
