/**
 * Which rules of one bundle an event matches, once its context is known, and what their `set` actions do.
 *
 * All rules are judged by the variables as they were before the event. Then the actions of those that matched are
 * taken: filters and values are worked out for all of them first, so that none sees what another sets, and applied
 * in the order of rules and actions. If that changed a variable, the rules that did not match are judged again,
 * and so on until no other rule matches.
 *
 * Invariant: a rule matches an event at most once and acts for it at most once, so there are at most as many turns
 * as rules.
 */
import { type ContextValue, constantValues } from "@weir/matcher-wasm/host";
import type { EventContext } from "./context/context.ts";
import type { ActiveBundle, SetProgram } from "./generation.ts";

export interface Decision {
  readonly bundle: ActiveBundle;
  /** Of the event's record in the matcher's input. */
  readonly recordOffset: number;
  readonly event: EventContext;
  /** Rules that matched without context. */
  readonly rules: readonly number[];
  /** Some rules only may match. */
  readonly candidate: boolean;
}

/** @returns indices of the rules that match, ascending */
export function decide({ bundle, recordOffset, event, rules, candidate }: Decision): number[] {
  const { matcher, plan } = bundle;
  const matched = new Set(rules);
  let fresh: readonly number[] = rules;
  let turn = candidate;
  do {
    if (turn) {
      const more = matcher.matchContext(recordOffset, plan.values(event)).filter((rule) => !matched.has(rule));
      for (const rule of more) matched.add(rule);
      fresh = fresh === rules ? [...rules, ...more] : more;
    }
    turn = act(bundle, recordOffset, event, fresh) && candidate && plan.readsVariables;
    fresh = [];
  } while (turn);
  return [...matched].sort((a, b) => a - b);
}

/** Takes the `set` actions of rules. @returns whether a variable changed */
function act(bundle: ActiveBundle, recordOffset: number, event: EventContext, rules: readonly number[]): boolean {
  const { sets, plan, variables } = bundle;
  const programs = sets.size === 0 ? [] : rules.toSorted((a, b) => a - b).flatMap((rule) => sets.get(rule) ?? []);
  if (programs.length === 0) return false;
  const values = plan.values(event);
  const assignments = programs.flatMap((program) => {
    const { filter, set } = program;
    if (filter !== undefined && !bundle.matcher.runFilter(filter, recordOffset, values)) return [];
    return [{ set, values: valuesOf(bundle, program, recordOffset, values) }];
  });
  let changed = false;
  for (const { set, values: given } of assignments)
    changed = variables.set(set.variable, { append: set.append, values: given }, event.subject) || changed;
  return changed;
}

/** @returns null when the program reads what is not known */
function valuesOf(
  { matcher, variables }: ActiveBundle,
  { set }: SetProgram,
  recordOffset: number,
  context: readonly ContextValue[],
): readonly (string | bigint | number | boolean)[] | null {
  if (set.value !== undefined) return constantValues(set.value);
  const type = variables.variables.find(({ name }) => name === set.variable)?.type;
  return set.program === undefined || !type ? null : matcher.runProgram(set.program, type, recordOffset, context);
}
