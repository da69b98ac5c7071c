/** Compiled policies before which single events are brought: everything that can be said of each. */
import type { Seeds } from "@weir/matcher-wasm/format";
import { type KernelDecision, kernelStageDecision } from "../access/index.ts";
import { type AnalyseOptions, analysePolicies, type LoadedRule, type RuleStatus } from "../analyse.ts";
import { compilePolicies } from "../compile.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { evaluate } from "../evaluate.ts";
import { hasKernelPaths, type TypedEvent } from "../events/index.ts";
import type { PolicyInput } from "../policy/index.ts";
import { type TraceNode, trace } from "../trace.ts";
import { EventJudge } from "./judge.ts";

/** What the parts of Weir say of an event. */
export interface JudgedEvent {
  /** With the values that variables had. */
  readonly event: TypedEvent;
  /** Rules that the compiled matcher finds, with context where they read it. */
  readonly matcher: readonly LoadedRule[];
  /** Rules that the reference evaluator finds. */
  readonly evaluator: readonly LoadedRule[];
  /** Of the kernel stage; events without a path are not asked. */
  readonly kernel: KernelDecision | { readonly passes: true; readonly because: "no-path" };
  /** Why a rule of the event's type matches or does not. */
  trace(rule: LoadedRule): TraceNode;
}

export class PolicySet {
  /** In the order of the matcher's indices. */
  readonly rules: readonly LoadedRule[];
  readonly statuses: readonly RuleStatus[];
  readonly seeds: Seeds;
  /** Warnings only. */
  readonly diagnostics: readonly Diagnostic[];
  readonly #judge: EventJudge;

  private constructor(parts: Pick<PolicySet, "rules" | "statuses" | "seeds" | "diagnostics">, judge: EventJudge) {
    this.rules = parts.rules;
    this.statuses = parts.statuses;
    this.seeds = parts.seeds;
    this.diagnostics = parts.diagnostics;
    this.#judge = judge;
  }

  /** @returns the set, or why the policies do not compile */
  static async load(
    files: readonly PolicyInput[],
    options: AnalyseOptions = {},
  ): Promise<PolicySet | readonly Diagnostic[]> {
    const compiled = await compilePolicies(files, options);
    if (!compiled.ok) return compiled.diagnostics;
    const { rules, statuses, seeds, diagnostics } = analysePolicies(files, options);
    return new PolicySet({ rules, statuses, seeds, diagnostics }, await EventJudge.load(compiled.wasm));
  }

  /** Starts with no variable set. */
  session(): Session {
    return new Session(this, this.#judge);
  }
}

/** Events one after the other. */
export class Session {
  readonly #set: PolicySet;
  readonly #judge: EventJudge;

  constructor(set: PolicySet, judge: EventJudge) {
    this.#set = set;
    this.#judge = judge;
  }

  judge(event: TypedEvent): JudgedEvent {
    const { rules, seeds } = this.#set;
    const { type, fields } = event;
    return {
      event,
      matcher: this.#judge.judge(event).map((index) => rules[index] as LoadedRule),
      evaluator: rules.filter((rule) => rule.checked.event === type && evaluate(rule.checked.expr, fields)),
      kernel: hasKernelPaths(event) ? kernelStageDecision(seeds, type, fields) : { passes: true, because: "no-path" },
      trace: (rule) => trace(rule.checked.expr, fields),
    };
  }
}
