/** Compiled policies before which single events are brought: everything that can be said of each. */
import { type KernelDecision, kernelStageDecision } from "../access/index.ts";
import type { Analysis, LoadedRule } from "../analyse.ts";
import { compileAnalysis } from "../compile.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { type EventState, evaluateOnHost, isKnownOnHosts, leafFields } from "../evaluate.ts";
import { type EventResult, hasKernelPaths, type TypedEvent, withDeclaredVariables } from "../events/index.ts";
import type { Nnf } from "../ir.ts";
import { type TraceNode, trace } from "../trace.ts";
import { EventJudge, type JudgeSession } from "./judge.ts";

/** What the parts of Weir say of an event. */
export interface JudgedEvent {
  /** With the values that variables had. */
  readonly event: { readonly type: string; readonly fields: EventState };
  /** Rules that the compiled matcher finds, with context where they read it. */
  readonly matcher: readonly LoadedRule[];
  /** Rules that the reference evaluator finds. Both count conditions over what no host knows as true. */
  readonly evaluator: readonly LoadedRule[];
  /** Of the kernel stage; events that lack a path are not asked, unless the path is optional. */
  readonly kernel: KernelDecision | { readonly passes: true; readonly because: "no-path" };
  /** Its directory is proven silent, so that the kernel stage may drop all events in it. */
  readonly silent: boolean;
  /** Names of the fields that a rule reads, the event has no value for and no host can know. */
  unknown(rule: LoadedRule): readonly string[];
  /** Why a rule of the event's type matches or does not. */
  trace(rule: LoadedRule): TraceNode;
}

export class PolicySet {
  /** Its rules are in the order of the matcher's indices. */
  readonly analysis: Analysis;
  readonly #judge: EventJudge;

  private constructor(analysis: Analysis, judge: EventJudge) {
    this.analysis = analysis;
    this.#judge = judge;
  }

  get rules(): readonly LoadedRule[] {
    return this.analysis.rules;
  }

  /** @returns the set, or why the policies do not compile */
  static async load(analysis: Analysis): Promise<PolicySet | readonly Diagnostic[]> {
    const compiled = await compileAnalysis(analysis);
    if (!compiled.ok) return compiled.diagnostics;
    return new PolicySet(analysis, await EventJudge.load(compiled.wasm, { asHost: true }));
  }

  /** @returns the event with its variables as the policies declare them, or what is wrong with them */
  accept(event: TypedEvent): EventResult {
    return withDeclaredVariables(event, this.#judge.variables);
  }

  /** Starts with no variable set. */
  session(): Session {
    return new Session(this, this.#judge);
  }
}

/** Events one after the other, with the variables that they set. */
export class Session {
  readonly #set: PolicySet;
  readonly #session: JudgeSession;

  constructor(set: PolicySet, judge: EventJudge) {
    this.#set = set;
    this.#session = judge.session();
  }

  /** @param event accepted by the set */
  judge(event: TypedEvent): JudgedEvent {
    const { rules, seeds } = this.#set.analysis;
    const { type, fields } = event;
    const { rules: matching, states, silent } = this.#session.judge(event);
    const evaluated = (rule: LoadedRule): boolean =>
      rule.checked.event === type && states.some((state) => evaluateOnHost(rule.written.expr, state));
    return {
      event: { type, fields: states[0] },
      matcher: matching.map((index) => rules[index] as LoadedRule),
      evaluator: rules.filter(evaluated),
      kernel: hasKernelPaths(event) ? kernelStageDecision(seeds, type, fields) : { passes: true, because: "no-path" },
      silent,
      unknown: ({ written }) => unknownFields(written.nnf, states[0]),
      trace: (rule) => trace(rule.written.expr, states[0], rule.written.written),
    };
  }
}

function unknownFields(expr: Nnf, event: EventState): readonly string[] {
  if (expr.kind === "const") return [];
  if ("terms" in expr) return expr.terms.flatMap((term) => unknownFields(term, event));
  return leafFields(expr)
    .filter((field) => !isKnownOnHosts(field, event))
    .map(({ name }) => name);
}
