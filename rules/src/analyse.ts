/**
 * Policies to checked rules: everything short of code generation. Several files are one set; the result
 * does not depend on the order in which they are given, nor on where they lie.
 */
import { APPROVERS_MAX, RULES_MAX, type Seeds } from "@weir/matcher-wasm/format";
import { accessPredicates, toSeeds } from "./access/index.ts";
import { ActionError, checkActions } from "./actions/check.ts";
import { type Declaration, type Declarations, declareVariables } from "./actions/declare.ts";
import { unsetVariables, unsetWarnings, withUnset } from "./actions/unset.ts";
import { escapeWarnings } from "./check/escapes.ts";
import { CheckError, type CheckedExpression, checkRule, type Macro, type Warning } from "./check/index.ts";
import { EXPANDED_NODES_MAX } from "./check/scope.ts";
import { compareText, type Diagnostic, DiagnosticList, diagnosticAt, diagnosticOf } from "./diagnostics.ts";
import { Expansion, tooLarge } from "./expansion.ts";
import { hostCondition } from "./hosts.ts";
import type { AccessPredicate, CheckedRule } from "./ir.ts";
import { toNnf } from "./nnf.ts";
import {
  decodePolicy,
  inOrder,
  type MacroSource,
  type MergedMacro,
  type MergedRule,
  mergeMacros,
  mergeRules,
  type PolicyInput,
  type PolicySource,
  parseVersion,
  placeText,
  type RuleSource,
  readPolicy,
  replacements,
  SECL_AGENT_VERSION,
  type Version,
  wrongReferences,
} from "./policy/index.ts";
import { RegexSet } from "./regex/index.ts";
import { type Excerpt, placeOf, SourceFile } from "./source.ts";
import type { Node, Root } from "./syntax/ast.ts";
import { ExpressionError } from "./syntax/error.ts";
import { parseExpression, parseMacro } from "./syntax/parser.ts";

export type RuleState = "loaded" | "filtered" | "disabled" | "unsupported" | "error";

/** What became of one definition of the sources; definitions that make up one rule share its state. */
export interface RuleStatus {
  /** Empty for a definition without a usable id. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly state: RuleState;
  /** Why it is not loaded, or which other definition it goes together with. */
  readonly reason?: string;
  /** Of the definition whose expression a loaded rule has: its event type, several joined by commas. */
  readonly event?: string;
  readonly access?: readonly AccessPredicate[];
}

/** A loaded rule in all its forms; what one definition says of several event types is one for each. */
export interface LoadedRule {
  readonly checked: CheckedRule;
  readonly access: readonly AccessPredicate[];
  /** Its definition, overrides applied. */
  readonly source: RuleSource;
  /** The expression with the places of its parts. */
  readonly written: CheckedExpression;
  /** From 1, where hosts choose between several definitions of the rule. */
  readonly variant?: number;
  /** Those of its set, compiled. */
  readonly regexes: RegexSet;
}

export interface Analysis {
  /** Whether there is no error. */
  readonly ok: boolean;
  /** Sorted by id; the position is the rule's index in the matcher. */
  readonly rules: readonly LoadedRule[];
  /** In the order of policies and of definitions in them. */
  readonly statuses: readonly RuleStatus[];
  /** In order; see `policy/set.ts`. */
  readonly policies: readonly PolicySource[];
  readonly seeds: Seeds;
  /** Those of the rules, compiled. */
  readonly regexes: RegexSet;
  readonly diagnostics: readonly Diagnostic[];
}

export interface AnalyseOptions {
  /** `skip` (default): what is not supported is left out with a warning; `error`: it is an error. */
  readonly unsupported?: "skip" | "error";
  /** What `agent_version` is compared with, such as `7.78.0`, the default. */
  readonly agentVersion?: string;
}

/**
 * Analyses a set of policy files. Never throws for bad input: everything is in the diagnostics.
 *
 * @throws RangeError for an `agentVersion` that is no version
 */
export function analysePolicies(files: readonly PolicyInput[], options: AnalyseOptions = {}): Analysis {
  const regexes = RegexSet.of(files.length);
  return regexes.run(() => analyse(files, options, regexes));
}

function analyse(files: readonly PolicyInput[], options: AnalyseOptions, regexes: RegexSet): Analysis {
  const run = new Run(options, { regexes, files: files.length });
  const policies = inOrder(files.map((file) => run.read(file)).filter((policy) => policy !== null));
  run.combine(policies);
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
    statuses: run.statusesOf(policies),
    policies,
    seeds,
    regexes,
    diagnostics: run.diagnostics.sorted(),
  };
}

type Outcome = Omit<RuleStatus, "id" | "file" | "line">;

const NAMELESS = { id: "", state: "error", reason: "it has no usable id" } as const;

/** What a set may come to depends on its number of files. */
interface SetBounds {
  readonly regexes: RegexSet;
  readonly files: number;
}

class Run {
  readonly diagnostics = new DiagnosticList();
  loaded: LoadedRule[] = [];
  readonly #outcomes = new Map<RuleSource, Outcome>();
  readonly #unsupported: "skip" | "error";
  readonly #agentVersion: Version;
  readonly #regexes: RegexSet;
  readonly #files: number;
  readonly #macros = new Map<string, Macro>();
  #expansion: Expansion | undefined;
  #declared: Declarations = { variables: new Map(), untyped: new Map(), setters: new Map(), problems: new Map() };
  /** Macros that are defined but cannot be used, and why, so that their uses are not reported as unknown names. */
  readonly #unusable = new Map<string, string>();

  constructor({ unsupported = "skip", agentVersion = SECL_AGENT_VERSION }: AnalyseOptions, set: SetBounds) {
    this.#regexes = set.regexes;
    this.#files = set.files;
    this.#unsupported = unsupported;
    const version = parseVersion(agentVersion);
    if (version === undefined) throw new RangeError(`agentVersion: ${JSON.stringify(agentVersion)} is no version`);
    this.#agentVersion = version;
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
    const options = { agentVersion: this.#agentVersion, unsupported: this.#unsupported };
    const { policy, diagnostics } = readPolicy(file, options);
    this.diagnostics.addAll(diagnostics);
    return policy;
  }

  /** Brings the definitions of all policies together and checks what comes of them. */
  combine(policies: readonly PolicySource[]): void {
    const replaced = replacements(policies, this.diagnostics);
    const active = policies.filter((policy) => !replaced.has(policy));
    for (const [policy, place] of replaced)
      for (const rule of policy.rules)
        this.#outcomes.set(rule, { state: "disabled", reason: `its policy is replaced by ${placeText(place)}` });
    const { macros, unusable } = mergeMacros(active, this.diagnostics);
    for (const [id, reason] of unusable) this.#unusable.set(id, reason);
    for (const macro of macros) this.#addMacro(macro);
    const merged = mergeRules(active, { diagnostics: this.diagnostics, unsupported: this.#unsupported });
    for (const [rule, outcome] of merged.inactive) this.#outcomes.set(rule, outcome);
    const names = { macros: this.#macros, diagnostics: this.diagnostics };
    this.#declared = declareVariables(merged.rules, [...this.#outcomes.keys()], names);
    for (const rule of merged.rules) this.#addRule(rule);
    this.#noteUnset();
  }

  /** Warns of variables that loaded rules read and none of them sets. */
  #noteUnset(): void {
    const { setters } = this.#declared;
    const checked = this.loaded.map((rule) => rule.checked);
    const unset = unsetVariables(checked, this.#declared);
    const whyNot = ({ rule }: Declaration): string => {
      const { state, reason } = this.#outcomes.get(rule) ?? { state: "error" };
      if (state === "loaded") return "loaded without that action";
      return `not loaded: ${reason ?? state}`;
    };
    for (const { source, written } of this.loaded)
      for (const warning of unsetWarnings(written, unset, { setters, whyNot })) this.#warn(warning, source.id);
    this.loaded = this.loaded.map((rule) => withUnset(rule, unset));
  }

  statusesOf(policies: readonly PolicySource[]): RuleStatus[] {
    return policies.flatMap(({ rules, nameless }) => {
      const named = rules.map((rule): RuleStatus => {
        const { file, offset } = rule.idPlace;
        const outcome = this.#outcomes.get(rule) ?? { state: "error" };
        return { id: rule.id, file: file.name, line: file.lineOf(offset), ...outcome };
      });
      const others = nameless.map(
        ({ file, offset }): RuleStatus => ({ ...NAMELESS, file: file.name, line: file.lineOf(offset) }),
      );
      return others.length === 0 ? named : [...named, ...others].sort((a, b) => a.line - b.line);
    });
  }

  #addMacro({ id, parts }: MergedMacro): void {
    const [first] = parts;
    const roots = parts.map((part) => this.#parseMacro(part));
    if (roots.some((root) => root === null)) {
      this.#unusable.set(id, "has an error");
      return;
    }
    const excerpt = first.body?.excerpt as Excerpt;
    if (parts.length === 1) {
      this.#macros.set(id, { id, root: roots[0] as Root, excerpt });
      return;
    }
    // Each part stays a macro of its own, so that problems are shown where they are written.
    const span = { start: 0, end: 0 };
    const items = parts.map((part, i) => {
      const name = `${id} (part ${i + 1})`;
      this.#macros.set(name, { id: name, root: roots[i] as Root, excerpt: part.body?.excerpt as Excerpt });
      return { kind: "ident" as const, name, span };
    });
    this.#macros.set(id, { id, root: { kind: "list", items, span }, excerpt });
    for (const [i, part] of parts.entries()) if (roots[i]?.kind !== "list") this.#reportMerge(part);
  }

  #parseMacro({ id, body }: MacroSource): Root | null {
    if (body === null || body.kind === "values") return body?.list ?? null;
    try {
      const root = parseMacro(body.excerpt.text);
      for (const warning of escapeWarnings(root, body.excerpt)) this.#warn(warning);
      return root;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#report("error", error, body.excerpt, `macro \`${id}\`: `);
      return null;
    }
  }

  #reportMerge(part: MacroSource): void {
    const message = `macro \`${part.id}\`: only lists can be merged, this is an expression`;
    this.diagnostics.add("error", () => diagnosticAt(part.idPlace, { severity: "error", code: "combine", message }));
    this.#unusable.set(part.id, "has an error");
    this.#macros.delete(part.id);
  }

  #report(severity: "error" | "warning", error: ExpressionError, excerpt: Excerpt, prefix = "", rule?: string): void {
    const place = placeOf(excerpt, error.span);
    this.diagnostics.add(severity, () =>
      diagnosticAt(place, { severity, code: error.code, message: prefix + error.message, hint: error.hint, rule }),
    );
  }

  #warn({ code, message, span, excerpt, hint }: Warning, rule?: string): void {
    this.diagnostics.add("warning", () =>
      diagnosticAt(placeOf(excerpt, span), { severity: "warning", code, message, hint, rule }),
    );
  }

  #addRule(rule: MergedRule): void {
    const { source, note } = rule;
    const excerpt = source.expression as Excerpt;
    try {
      const node = parseExpression(excerpt.text);
      for (const warning of escapeWarnings(node, excerpt)) this.#warn(warning, source.id);
      this.#charge(source, node, excerpt);
      const all = this.#check(node, excerpt);
      const loaded = all.map((written) => this.#load(rule, written));
      const problems = all.map(({ event }) => this.#checkReferences(source, event));
      this.loaded.push(...loaded);
      const problem = this.#declared.problems.get(source.id) ?? problems.find((message) => message !== undefined);
      const reason = problem ?? note;
      const event = all.map((written) => written.event).join(", ");
      const access = loaded.flatMap((one) => one.access);
      const outcome: Outcome = { state: problem === undefined ? "loaded" : "error", event, access };
      this.#conclude(rule, reason === undefined ? outcome : { ...outcome, reason });
    } catch (error) {
      if (error instanceof ActionError) this.#rejectAction(rule, error);
      else if (error instanceof ExpressionError)
        this.#reject(rule, error, error instanceof CheckError ? error.excerpt : excerpt);
      else throw error;
    }
  }

  /** Counts what the rule's expressions come to. */
  #charge({ actions }: RuleSource, node: Node, excerpt: Excerpt): void {
    this.#expansion ??= new Expansion(this.#macros, this.#files);
    const programs = actions.flatMap((action) => [
      ...(action.filter === undefined ? [] : [action.filter.node]),
      ...(action.kind === "set" && action.to.from === "expression" ? [action.to.expression.node] : []),
    ]);
    this.#refuseOver(this.#expansion.add([node, ...programs]), node, excerpt);
  }

  /** Checks the expression and counts what it came to. */
  #check(node: Node, excerpt: Excerpt): readonly CheckedExpression[] {
    try {
      const all = checkRule(node, excerpt, this.#macros, this.#declared);
      const parts = all.reduce((sum, one) => sum + one.parts, 0);
      this.#refuseOver(this.#expansion?.grow(parts) ?? null, node, excerpt);
      return all;
    } catch (error) {
      // What was done until it was given up counts as well.
      if (error instanceof CheckError && error.code === "expression-too-large")
        this.#expansion?.grow(EXPANDED_NODES_MAX);
      throw error;
    }
  }

  /** @param parts what the set would come to, null when that is allowed */
  #refuseOver(parts: number | null, { span }: Node, excerpt: Excerpt): void {
    if (parts === null) return;
    throw new CheckError(excerpt, { span, ...tooLarge(parts, this.#expansion?.max) });
  }

  #load(rule: MergedRule, written: CheckedExpression): LoadedRule {
    const { source, variant } = rule;
    const { event, nnf, warnings } = written;
    const { variables, untyped } = this.#declared;
    const names = { event, macros: this.#macros, variables, untyped };
    const actions = checkActions(source.actions, names, (error) => this.#skipAction(source, error));
    for (const warning of warnings) this.#warn(warning, source.id);
    const expr = toNnf({ kind: "and", terms: [nnf, hostCondition(rule)] });
    const checked = { id: source.id, event, expr, ...(actions.length === 0 ? {} : { actions }) };
    const access = accessPredicates(expr);
    return { checked, access, source, written, regexes: this.#regexes, ...(variant === undefined ? {} : { variant }) };
  }

  #skipAction({ id }: RuleSource, error: ActionError): void {
    if (this.#unsupported === "error") throw error;
    const { code, place, hint } = error;
    const message = `the action is left out: ${error.message}`;
    this.diagnostics.add("warning", () => diagnosticAt(place, { severity: "warning", code, message, hint, rule: id }));
  }

  #rejectAction(rule: MergedRule, { code, place, message, hint }: ActionError): void {
    const { id } = rule.source;
    this.diagnostics.add("error", () => diagnosticAt(place, { severity: "error", code, message, hint, rule: id }));
    this.#conclude(rule, { state: "error", reason: message });
  }

  /** @returns the first thing wrong with the fields that the rule's keys name */
  #checkReferences(source: RuleSource, event: string): string | undefined {
    const wrong = wrongReferences(source, event);
    for (const { name, code, message, hint } of wrong)
      this.diagnostics.add("error", () =>
        diagnosticAt(name.place, { severity: "error", code, message, hint, rule: source.id }),
      );
    return wrong[0]?.message;
  }

  /** Notes the outcome of a rule at all definitions that it was made of. */
  #conclude({ origin, others }: MergedRule, outcome: Outcome): void {
    this.#outcomes.set(origin, outcome);
    for (const [rule, reason] of others) this.#outcomes.set(rule, { state: outcome.state, reason });
  }

  #reject(rule: MergedRule, error: ExpressionError, excerpt: Excerpt): void {
    const { id } = rule.source;
    const skipped = error.code === "unsupported" && this.#unsupported === "skip";
    const cause = excerpt.text.slice(error.span.start, error.span.end);
    const why = error.code === "unknown-name" ? this.#unusable.get(cause) : undefined;
    const isReported = why === "has an error";
    if (why !== undefined && !isReported) {
      const message = `macro \`${cause}\` ${why}`;
      this.diagnostics.add("error", () =>
        diagnosticAt(placeOf(excerpt, error.span), { severity: "error", code: error.code, message, rule: id }),
      );
    } else if (!isReported) {
      this.#report(skipped ? "warning" : "error", error, excerpt, skipped ? "left out: " : "", id);
    }
    const reason = why === undefined ? error.message : `macro \`${cause}\` ${why}`;
    this.#conclude(rule, { state: error.code === "unsupported" ? "unsupported" : "error", reason });
  }
}
