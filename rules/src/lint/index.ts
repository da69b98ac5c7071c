/**
 * Lints: things about loaded rules that are most likely not meant. They look at what was checked; no lint changes what
 * a rule means, and none says "never", "always" or "includes" without a proof.
 */
import type { Analysis, LoadedRule } from "../analyse.ts";
import type { Written } from "../check/index.ts";
import { type Diagnostic, DiagnosticList, diagnosticAt } from "../diagnostics.ts";
import { placeOf } from "../source.ts";
import { lintConditions } from "./conditions.ts";
import type { Finding, Report } from "./finding.ts";
import { lintTexts } from "./literals.ts";
import { locate } from "./located.ts";
import { lintNumbers } from "./numbers.ts";

export {
  flagNames,
  type KernelFilter,
  kernelFilters,
  type Preventer,
  type Unfiltered,
  unfilteredPart,
} from "./kernel.ts";

/**
 * @returns what is to be said of the loaded rules, beside the diagnostics of the analysis; a problem of a macro once,
 * however many rules use it
 */
export function lintPolicies({ rules }: Analysis): readonly Diagnostic[] {
  const list = new DiagnosticList();
  for (const rule of rules) lintRule(rule, (finding) => add(list, finding, rule.source.id));
  return list.sorted();
}

function lintRule(rule: LoadedRule, report: Report): void {
  const located = locate(rule.written);
  const impossible: Written[] = [];
  lintTexts(rule.written, (finding) => {
    if (finding.code === "never-matches") impossible.push(finding.at);
    report(finding);
  });
  lintNumbers(located, report);
  lintConditions(located, rule.checked.event, (finding) => {
    // Said of the text in it already, and more exactly.
    const isKnown = finding.code === "never-true" && impossible.some((at) => holds(finding.at, at));
    if (!isKnown || finding.decides) report(finding);
  });
}

const holds = (outer: Written, inner: Written): boolean =>
  outer.excerpt === inner.excerpt && outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;

function add(list: DiagnosticList, { at, related, decides: _, ...rest }: Finding, rule: string): void {
  list.add(rest.severity, () => ({
    ...diagnosticAt(placeOf(at.excerpt, at.span), { ...rest, rule }),
    ...(related === undefined ? {} : { related: [relatedAt(related.at, related.message)] }),
  }));
}

function relatedAt(at: Written, message: string) {
  const { file, line, column, length, excerpt } = diagnosticAt(placeOf(at.excerpt, at.span), {
    severity: "note",
    code: "",
    message,
  });
  return { message, file, line, column, length, ...(excerpt === undefined ? {} : { excerpt }) };
}
