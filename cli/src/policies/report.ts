/** What `weir check` and `weir compile` say about policies, for people and for machines. */
import {
  type AccessPredicate,
  approverPreventers,
  type Diagnostic,
  type LoadedRule,
  leafText,
  predicateText,
  type RuleStatus,
  renderDiagnostic,
} from "@weir/rules";

/** Approvers shown per rule. */
const APPROVERS_SHOWN = 6;
const PREVENTERS_SHOWN = 3;

/** @returns the conditions that keep a rule from having approvers, in its own words; empty when it has them */
export function preventersOf(rule: LoadedRule): readonly string[] {
  const unfiltered = rule.access.some((predicate) => predicate.key === null);
  return unfiltered ? [...new Set(approverPreventers(rule.checked.expr).map(leafText))] : [];
}

/** One rule as JSON; the kernel's view of it included. */
export function statusJson(status: RuleStatus, rule: LoadedRule | undefined): object {
  const { access, ...rest } = status;
  return {
    ...rest,
    ...(access === undefined ? {} : { approvers: access.map(approverJson) }),
    ...(rule === undefined ? {} : { unfilteredBecause: preventersOf(rule) }),
  };
}

function approverJson({ key, flagsAny }: AccessPredicate): object {
  return { ...(key ?? { kind: "any" }), flagsAny };
}

/** One or more lines on a rule, without a final newline. */
export function statusText(status: RuleStatus, rule: LoadedRule | undefined): string {
  const head = `${status.state.padEnd(11)} ${status.id}`;
  if (rule === undefined || status.access === undefined) return `${head}: ${status.reason ?? ""}`;
  const lines = [`${head} (${status.event})`];
  const { access } = status;
  if (access.length === 0) lines.push("  no event can match it");
  for (const predicate of access.slice(0, APPROVERS_SHOWN)) {
    if (predicate.key !== null) lines.push(`  passes ${predicateText(predicate)}`);
  }
  if (access.length > APPROVERS_SHOWN) lines.push(`  … and ${access.length - APPROVERS_SHOWN} more`);
  const open = access.find((predicate) => predicate.key === null);
  if (open !== undefined) {
    lines.push(`  not filtered in the kernel: ${predicateText(open)}`);
    const reasons = preventersOf(rule);
    for (const reason of reasons.slice(0, PREVENTERS_SHOWN)) lines.push(`    because of: ${reason}`);
    if (reasons.length > PREVENTERS_SHOWN) lines.push(`    … and ${reasons.length - PREVENTERS_SHOWN} more`);
  }
  return lines.join("\n");
}

/** Diagnostics are written to standard error, so that is what decides. */
const stderrColors = (): boolean => process.stderr.isTTY === true && !process.env["NO_COLOR"];

/** All diagnostics, each ending in a newline. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], color = stderrColors()): string {
  return diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, { color })}\n`).join("");
}

/** Such as `2 errors, 1 warning`. */
export function countsText(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic["severity"]) => {
    const n = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return `${n} ${severity}${n === 1 ? "" : "s"}`;
  };
  return `${count("error")}, ${count("warning")}`;
}
