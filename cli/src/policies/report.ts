/** Diagnostics of policies for people. */
import { type Diagnostic, type RuleState, type RuleStatus, renderDiagnostic, type Severity } from "@weir/rules";
import { plural } from "../terminal/plural.ts";

/** Diagnostics are written to standard error, so that is what decides. */
const stderrColors = (): boolean => process.stderr.isTTY === true && !process.env["NO_COLOR"];

/** All diagnostics, each ending in a newline. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], color = stderrColors()): string {
  return diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, { color })}\n`).join("");
}

/** Such as `2 errors, 1 warning`. */
export function countsText(diagnostics: readonly Diagnostic[]): string {
  return `${countOf(diagnostics, "error")}, ${countOf(diagnostics, "warning")}`;
}

/** Such as `1 note`. */
export function countOf(diagnostics: readonly Diagnostic[], severity: Severity): string {
  return plural(diagnostics.filter((diagnostic) => diagnostic.severity === severity).length, severity);
}

/**
 * Rules as people count them, by id: one with several definitions is one, and one that is compiled for several
 * event types is one. Definitions without a usable id are one each.
 * @returns their states; a rule is loaded when one of its definitions is
 */
export function statesOf(statuses: readonly RuleStatus[]): readonly RuleState[] {
  const byId = new Map<string, RuleState>();
  for (const { id, state } of statuses) if (state === "loaded" || !byId.has(id)) byId.set(id, state);
  byId.delete("");
  return [...byId.values(), ...statuses.flatMap(({ id, state }) => (id === "" ? [state] : []))];
}

/** Such as `3 of 4 rules`. */
export function loadedText(statuses: readonly RuleStatus[]): string {
  const states = statesOf(statuses);
  const loaded = states.filter((state) => state === "loaded").length;
  return `${loaded} of ${states.length} rules`;
}
