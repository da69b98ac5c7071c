/**
 * Policies to what a bundle holds: the matcher module, the seeds, and what is known of each rule.
 *
 * Deterministic: the same files give the same bytes, whatever their order, folder, machine or time. Rules
 * are numbered in the order of their ids; file names occur in diagnostics only.
 */
import type { Seeds } from "@weir/matcher-wasm/format";
import { type AnalyseOptions, type Analysis, analysePolicies, type LoadedRule, type RuleStatus } from "./analyse.ts";
import { LinkError } from "./codegen/error.ts";
import { type Diagnostic, diagnosticOf } from "./diagnostics.ts";
import type { CheckedRule } from "./ir.ts";
import { type PolicyInput, type PolicyMetadata, policyMetadata } from "./policy/index.ts";

/** A rule as people know it; its position among the others is its index in the matcher's verdicts. */
export interface RuleMetadata extends PolicyMetadata {
  readonly id: string;
  /** Name of the event type. */
  readonly event: string;
  /** From 1, where hosts choose between several definitions of the rule. */
  readonly variant?: number;
  /** As written. */
  readonly expression: string;
}

export type CompileResult =
  | {
      readonly ok: true;
      readonly rules: readonly CheckedRule[];
      readonly metadata: readonly RuleMetadata[];
      readonly seeds: Seeds;
      readonly wasm: Uint8Array;
      readonly statuses: readonly RuleStatus[];
      /** Warnings only. */
      readonly diagnostics: readonly Diagnostic[];
    }
  | {
      readonly ok: false;
      readonly statuses: readonly RuleStatus[];
      /** At least one error. */
      readonly diagnostics: readonly Diagnostic[];
    };

/**
 * Compiles a set of policy files to one bundle's contents. Bad input is reported in the diagnostics, never
 * thrown; nothing is compiled when there is an error.
 */
export async function compilePolicies(
  files: readonly PolicyInput[],
  options: AnalyseOptions = {},
): Promise<CompileResult> {
  return compileAnalysis(analysePolicies(files, options));
}

/** As `compilePolicies`, for what was analysed already. */
export async function compileAnalysis(analysis: Analysis): Promise<CompileResult> {
  const { statuses, diagnostics } = analysis;
  if (!analysis.ok) return { ok: false, statuses, diagnostics };
  const linked = await link(analysis);
  if (!(linked instanceof Uint8Array)) return { ok: false, statuses, diagnostics: [...diagnostics, linked] };
  return {
    ok: true,
    rules: analysis.rules.map((rule) => rule.checked),
    metadata: analysis.rules.map(metadataOf),
    seeds: analysis.seeds,
    wasm: linked,
    statuses,
    diagnostics,
  };
}

/** The code generator is loaded here, so that checking alone starts fast. */
async function link({ rules, policies, regexes }: Analysis): Promise<Uint8Array | Diagnostic> {
  const { linkMatcher } = await import("./codegen/link.ts");
  try {
    return regexes.run(() =>
      linkMatcher(
        rules.map((rule) => rule.checked),
        rules.map((rule) => rule.access),
      ),
    );
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    const file = policies[0]?.file.name ?? "(no file)";
    return diagnosticOf(file, { severity: "error", code: "limit", message: error.message });
  }
}

function metadataOf({ checked, source, variant }: LoadedRule): RuleMetadata {
  return {
    id: checked.id,
    event: checked.event,
    ...(variant === undefined ? {} : { variant }),
    ...policyMetadata(source),
    expression: source.expression?.text ?? "",
  };
}
