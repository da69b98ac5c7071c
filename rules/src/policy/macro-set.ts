/** Definitions of macros to macros: `merge` adds to a list, `override` takes the place of what was before. */
import { type DiagnosticList, diagnosticAt } from "../diagnostics.ts";
import type { MacroSource, PolicySource } from "./model.ts";
import { placeText } from "./set.ts";

/** One macro; more than one part make up a list. */
export interface MergedMacro {
  readonly id: string;
  readonly parts: readonly [MacroSource, ...MacroSource[]];
}

export interface MergedMacros {
  readonly macros: readonly MergedMacro[];
  /** Ids that are defined but unusable, and why. */
  readonly unusable: ReadonlyMap<string, string>;
}

/** @param policies in order; those that are replaced left out */
export function mergeMacros(policies: readonly PolicySource[], diagnostics: DiagnosticList): MergedMacros {
  const groups = Map.groupBy(
    policies.flatMap((policy) => policy.macros),
    (macro) => macro.id,
  );
  const macros: MergedMacro[] = [];
  const unusable = new Map<string, string>();
  for (const [id, definitions] of groups) {
    const active = definitions.filter((macro) => macro.gate.state !== "filtered");
    const gate = definitions[0]?.gate;
    if (active.some((macro) => macro.isBroken)) {
      unusable.set(id, "has an error");
      continue;
    }
    for (const macro of active) if (macro.gate.state === "host") reportHostFilter(macro, diagnostics);
    const parts = partsOf(active, diagnostics);
    const [first, ...rest] = parts;
    if (first !== undefined) macros.push({ id, parts: [first, ...rest] });
    else unusable.set(id, `is filtered: ${gate?.state === "filtered" ? gate.reason : ""}`);
  }
  return { macros, unusable };
}

function partsOf(definitions: readonly MacroSource[], diagnostics: DiagnosticList): readonly MacroSource[] {
  const [base, ...duplicates] = definitions.filter((macro) => macro.combine === undefined);
  for (const macro of duplicates)
    diagnostics.add("error", () =>
      diagnosticAt(macro.idPlace, {
        severity: "error",
        code: "duplicate-id",
        message: `macro id \`${macro.id}\` is used twice`,
        hint: `first used at ${placeText((base as MacroSource).idPlace)}; \`combine\` says what a second definition does`,
      }),
    );
  let parts = base === undefined ? [] : [base];
  for (const macro of definitions) {
    if (macro.combine === "override") parts = [macro];
    if (macro.combine === "merge") parts.push(macro);
  }
  return parts;
}

function reportHostFilter(macro: MacroSource, diagnostics: DiagnosticList): void {
  diagnostics.add("warning", () =>
    diagnosticAt(macro.idPlace, {
      severity: "warning",
      code: "host-filter",
      message: `macro \`${macro.id}\` is used on every host: its \`filters\` depend on the host, and macros are expanded before`,
      hint: "put the filter on the rules that use it",
    }),
  );
}
