/** Diagnostics of policies for people. */
import { type Diagnostic, renderDiagnostic, type Severity } from "@weir/rules";

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

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
