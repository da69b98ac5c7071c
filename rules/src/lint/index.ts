/**
 * Lints: things about loaded rules that are most likely not meant. They look at what was checked; no lint changes what
 * a rule means, and none says "never", "always" or "includes" without a proof.
 */
import type { Analysis, LoadedRule } from "../analyse.ts";
import { compareText, type Diagnostic, DiagnosticList, diagnosticAt, mergeDiagnostics } from "../diagnostics.ts";
import { type Place, placeOf } from "../source.ts";
import { lintConditions } from "./conditions.ts";
import type { Finding, Report } from "./finding.ts";
import { lintTexts } from "./literals.ts";
import { locate } from "./located.ts";
import { lintNotes } from "./notes.ts";
import { lintNumbers } from "./numbers.ts";
import { Prover } from "./prove.ts";
import { type Subsumption, subsumptions } from "./subsume.ts";

export {
  type KernelFilter,
  kernelFilters,
  type Preventer,
  type Unfiltered,
  unfilteredPart,
} from "./kernel.ts";

/** Steps of proof for one rule, and for all of a set; about a microsecond each. */
const RULE_STEPS_MAX = 50_000;
const SET_STEPS_MAX = 200_000;

/**
 * @returns what is to be said of the loaded rules, beside the diagnostics of the analysis; a problem of a macro once,
 * however many rules use it
 */
export function lintPolicies({ rules, regexes }: Analysis): readonly Diagnostic[] {
  return regexes.run(() => lintRules(rules));
}

function lintRules(rules: readonly LoadedRule[]): readonly Diagnostic[] {
  const told = new Map<string, Told>();
  let steps = SET_STEPS_MAX;
  for (const [{ id }, parts] of Map.groupBy(rules, (rule) => rule.source)) {
    const prover = new Prover(Math.min(steps, RULE_STEPS_MAX));
    for (const finding of ofAll(parts.map((rule) => findingsOf(rule, prover)))) tell(told, finding, id);
    steps -= prover.used;
  }
  for (const finding of subsumptions(rules)) tell(told, subsumptionFinding(finding), finding.narrow.source.id);
  // Notes apart, so that many of them leave room for warnings.
  const [warnings, notes] = [new DiagnosticList(), new DiagnosticList()];
  for (const one of told.values())
    (one.finding.severity === "note" ? notes : warnings).add(one.finding.severity, () => diagnosticFor(one));
  return mergeDiagnostics(warnings.sorted(), notes.sorted());
}

/** A finding and the rules of which it was said. */
interface Told {
  readonly finding: Finding;
  readonly rules: Set<string>;
}

function tell(told: Map<string, Told>, finding: Finding, rule: string): void {
  const { file, offset } = placeFor(finding.at);
  const key = `${finding.code} ${offset} ${file.name} ${finding.message}`;
  const known = told.get(key);
  if (known === undefined) told.set(key, { finding, rules: new Set([rule]) });
  else known.rules.add(rule);
}

/** @returns what the analysis and the lints have to say, in order; what a lint says more exactly is said once */
export function allDiagnostics(analysis: Analysis): readonly Diagnostic[] {
  const lints = lintPolicies(analysis);
  const decided = new Set(lints.flatMap(({ code, rule }) => (DECIDING.includes(code) ? [rule] : [])));
  const others = analysis.diagnostics.filter(({ code, rule }) => code !== "constant" || !decided.has(rule));
  return mergeDiagnostics(others, lints);
}

const DECIDING: readonly string[] = ["never-true", "always-true"];

/** One definition may be a rule for each of several event types: what is not true of all of them is no problem of it. */
function ofAll(parts: readonly (readonly Finding[])[]): readonly Finding[] {
  const [first = [], ...others] = parts;
  const known = others.map((findings) => new Set(findings.flatMap(keyOf)));
  return others.length === 0
    ? first
    : first.filter((one) => known.every((keys) => keyOf(one).some((k) => keys.has(k))));
}

/** What and where it is, as a key; none where it is not about a part of the expression. */
function keyOf({ code, at }: Finding): readonly string[] {
  if (!("span" in at)) return [];
  const { file, offset } = placeFor(at);
  return [`${code} ${offset} ${at.span.end - at.span.start} ${file.name}`];
}

function findingsOf(rule: LoadedRule, prover: Prover): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (finding) => findings.push(finding);
  const { source, written, checked } = rule;
  if (source.expression === null) return [];
  const located = locate(written, source.expression);
  lintTexts(written, { report, prover });
  lintNumbers(located, report);
  lintNotes(rule, located, report);
  const warned = written.warnings.map(({ code, excerpt, span }) => ({ code, at: { excerpt, span } }));
  const impossible = [...findings, ...warned].filter(({ code }) => code === "never-matches");
  lintConditions(located, {
    event: checked.event,
    prover,
    report: (finding) => {
      // Said of the text in it already, and more exactly.
      const isKnown = finding.code === "never-true" && impossible.some(({ at }) => holds(finding.at, at));
      if (!isKnown || finding.decides) report(finding);
    },
  });
  return findings;
}

function subsumptionFinding({ narrow, wide, same }: Subsumption): Finding {
  const message = same
    ? `it matches the same events as rule ${wide.source.id}`
    : `every event that it matches rule ${wide.source.id} matches too`;
  return {
    severity: "warning",
    code: same ? "same-as" : "subsumed",
    at: narrow.source.idPlace,
    message,
    related: { at: wide.source.idPlace, message: `rule ${wide.source.id}` },
  };
}

function holds(outer: Finding["at"], inner: Finding["at"]): boolean {
  if (!("span" in outer && "span" in inner) || outer.excerpt !== inner.excerpt) return false;
  return outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
}

const placeFor = (at: Finding["at"]): Place => ("span" in at ? placeOf(at.excerpt, at.span) : at);

function diagnosticFor({ finding, rules }: Told): Diagnostic {
  const { at, related, decides: _, ...rest } = finding;
  const [rule = "", ...otherRules] = [...rules].sort(compareText);
  return {
    ...diagnosticAt(placeFor(at), { ...rest, rule }),
    ...(otherRules.length === 0 ? {} : { otherRules }),
    ...(related === undefined ? {} : { related: [relatedAt(related.at, related.message)] }),
  };
}

function relatedAt(at: Finding["at"], message: string) {
  const { file, line, column, length, excerpt } = diagnosticAt(placeFor(at), {
    severity: "note",
    code: "",
    message,
  });
  return { message, file, line, column, length, ...(excerpt === undefined ? {} : { excerpt }) };
}
