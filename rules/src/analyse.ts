/**
 * Policies to checked rules: everything short of code generation. Several files are one set; the result
 * does not depend on the order in which they are given.
 */
import { APPROVERS_MAX, RULES_MAX, type Seeds } from "@weir/matcher-wasm/format";
import { accessPredicates, toSeeds } from "./access/index.ts";
import { CheckError, type CheckedExpression, checkExpression, type Macro, type Warning } from "./check/index.ts";
import { compareText, type Diagnostic, DiagnosticList, diagnosticAt, diagnosticOf } from "./diagnostics.ts";
import type { AccessPredicate, CheckedRule } from "./ir.ts";
import {
  decodePolicy,
  type MacroSource,
  type PolicyInput,
  type PolicySource,
  type RuleSource,
  readPolicy,
} from "./policy/index.ts";
import { type Excerpt, placeOf, SourceFile } from "./source.ts";
import { ExpressionError } from "./syntax/error.ts";
import { parseExpression, parseMacro } from "./syntax/parser.ts";

export type RuleState = "loaded" | "disabled" | "unsupported" | "error";

/** What became of one rule of the sources. */
export interface RuleStatus {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly state: RuleState;
  /** Why it is not loaded. */
  readonly reason?: string;
  /** Of a loaded rule. */
  readonly event?: string;
  readonly access?: readonly AccessPredicate[];
}

/** A loaded rule in all its forms. */
export interface LoadedRule {
  readonly checked: CheckedRule;
  readonly access: readonly AccessPredicate[];
  readonly source: RuleSource;
  /** The expression with the places of its parts. */
  readonly written: CheckedExpression;
}

export interface Analysis {
  /** Whether there is no error. */
  readonly ok: boolean;
  /** Sorted by id; the position is the rule's index in the matcher. */
  readonly rules: readonly LoadedRule[];
  /** In the order of files and of rules in them. */
  readonly statuses: readonly RuleStatus[];
  readonly policies: readonly PolicySource[];
  readonly seeds: Seeds;
  readonly diagnostics: readonly Diagnostic[];
}

export interface AnalyseOptions {
  /** `skip` (default): a rule with an unsupported construct is left out with a warning; `error`: it is an error. */
  readonly unsupported?: "skip" | "error";
}

/** Analyses a set of policy files. Never throws for bad input: everything is in the diagnostics. */
export function analysePolicies(files: readonly PolicyInput[], options: AnalyseOptions = {}): Analysis {
  const run = new Run(options.unsupported ?? "skip");
  const sorted = [...files].sort((a, b) => compareText(a.name, b.name) || compareText(textOf(a), textOf(b)));
  const policies = sorted.map((file) => run.read(file)).filter((policy) => policy !== null);
  for (const policy of policies) for (const macro of policy.macros) run.addMacro(macro);
  for (const policy of policies) for (const rule of policy.rules) run.addRule(rule);
  const rules = run.loaded.toSorted((a, b) => compareText(a.source.id, b.source.id));
  if (rules.length > RULES_MAX)
    run.fail(files, "too-many-rules", `${rules.length} rules: at most ${RULES_MAX} fit one bundle`);
  const seeds = toSeeds(rules.map(({ checked, access }) => ({ event: checked.event, predicates: access })));
  if (seeds.approvers.length > APPROVERS_MAX)
    run.fail(
      files,
      "too-many-approvers",
      `${seeds.approvers.length} approvers: at most ${APPROVERS_MAX} fit one bundle`,
    );
  if (rules.length === 0 && !run.diagnostics.hasErrors) run.fail(files, "empty", "no rule is left to load");
  return {
    ok: !run.diagnostics.hasErrors,
    rules,
    statuses: run.statuses,
    policies,
    seeds,
    diagnostics: run.diagnostics.sorted(),
  };
}

const textOf = ({ text }: PolicyInput): string =>
  typeof text === "string" ? text : Buffer.from(text).toString("latin1");

class Run {
  readonly diagnostics = new DiagnosticList();
  readonly statuses: RuleStatus[] = [];
  readonly loaded: LoadedRule[] = [];
  readonly #unsupported: "skip" | "error";
  readonly #macros = new Map<string, Macro>();
  readonly #macroSources = new Map<string, MacroSource>();
  /** Macros with errors of their own, so that their uses are not reported as unknown names. */
  readonly #broken = new Set<string>();
  readonly #rules = new Map<string, RuleSource>();

  constructor(unsupported: "skip" | "error") {
    this.#unsupported = unsupported;
  }

  fail(files: readonly PolicyInput[], code: string, message: string): void {
    const name = files.map((file) => file.name).sort()[0] ?? "(no file)";
    this.diagnostics.add("error", () => diagnosticOf(name, { severity: "error", code, message }));
  }

  read(input: PolicyInput): PolicySource | null {
    const file = decodePolicy(input);
    if (!(file instanceof SourceFile)) {
      this.diagnostics.add(file.severity, () => file);
      return null;
    }
    const { policy, diagnostics } = readPolicy(file);
    this.diagnostics.addAll(diagnostics);
    return policy;
  }

  addMacro(source: MacroSource): void {
    const { id, body } = source;
    const first = this.#macroSources.get(id);
    if (first !== undefined) {
      this.#duplicate("macro", source, first);
      return;
    }
    this.#macroSources.set(id, source);
    try {
      const root = body.kind === "values" ? body.list : parseMacro(body.excerpt.text);
      this.#macros.set(id, { id, root, excerpt: body.excerpt });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#broken.add(id);
      this.#report("error", error, body.excerpt, `macro \`${id}\`: `);
    }
  }

  #duplicate(what: string, second: RuleSource | MacroSource, first: RuleSource | MacroSource): void {
    const { file, offset } = first.idPlace;
    this.diagnostics.add("error", () =>
      diagnosticAt(second.idPlace, {
        severity: "error",
        code: "duplicate-id",
        message: `${what} id \`${second.id}\` is used twice`,
        hint: `first used at ${file.name}:${file.lineOf(offset)}`,
      }),
    );
  }

  #report(severity: "error" | "warning", error: ExpressionError, excerpt: Excerpt, prefix = "", rule?: string): void {
    const place = placeOf(excerpt, error.span);
    this.diagnostics.add(severity, () =>
      diagnosticAt(place, { severity, code: error.code, message: prefix + error.message, hint: error.hint, rule }),
    );
  }

  #warn({ code, message, span, excerpt, hint }: Warning, rule: string): void {
    this.diagnostics.add("warning", () =>
      diagnosticAt(placeOf(excerpt, span), { severity: "warning", code, message, hint, rule }),
    );
  }

  addRule(source: RuleSource): void {
    const first = this.#rules.get(source.id);
    if (first !== undefined) {
      this.#duplicate("rule", source, first);
      return;
    }
    this.#rules.set(source.id, source);
    if (source.disabled || source.expression === null) {
      this.#status(source, { state: "disabled", reason: "disabled in the policy" });
      return;
    }
    try {
      const node = parseExpression(source.expression.text);
      const written = checkExpression(node, source.expression, this.#macros);
      const { event, nnf, warnings } = written;
      for (const warning of warnings) this.#warn(warning, source.id);
      const access = accessPredicates(nnf);
      this.loaded.push({ checked: { id: source.id, event, expr: nnf }, access, source, written });
      this.#status(source, { state: "loaded", event, access });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#reject(source, error, error instanceof CheckError ? error.excerpt : source.expression);
    }
  }

  #reject(source: RuleSource, error: ExpressionError, excerpt: Excerpt): void {
    const skipped = error.code === "unsupported" && this.#unsupported === "skip";
    const cause = excerpt.text.slice(error.span.start, error.span.end);
    const known = error.code === "unknown-name" && this.#broken.has(cause);
    if (!known) this.#report(skipped ? "warning" : "error", error, excerpt, skipped ? "left out: " : "", source.id);
    const reason = known ? `macro \`${cause}\` has an error` : error.message;
    this.#status(source, { state: error.code === "unsupported" ? "unsupported" : "error", reason });
  }

  #status(source: RuleSource, rest: Omit<RuleStatus, "id" | "file" | "line">): void {
    const { file, offset } = source.idPlace;
    this.statuses.push({ id: source.id, file: file.name, line: file.lineOf(offset), ...rest });
  }
}
