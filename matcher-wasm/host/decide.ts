/**
 * Which rules of one matcher an event matches, once its context is known, and what their `set` actions do. Pure but
 * for the variables: hosts and `weir test` share one meaning.
 *
 * All rules are judged by the variables as they were before the event. Then the actions of those that matched are
 * taken: filters and values are worked out for all of them first, so that none sees what another sets, and applied
 * in the order of rules and actions. If that changed a variable, the rules that did not match are judged again,
 * and so on until no other rule matches.
 *
 * Invariant: a rule matches an event at most once and acts for it at most once, so there are at most as many turns
 * as rules.
 */
import { type MatcherDescription, type ProgramDescription, UUID_KEY } from "../format/index.ts";
import type { ContextValue } from "./context.ts";
import type { Matcher } from "./matcher.ts";
import { type Assignment, constantValues, type VariableStore, type VariableSubject } from "./variables.ts";

/** An action that sets a variable. */
export type SetProgram = ProgramDescription & { readonly set: NonNullable<ProgramDescription["set"]> };

/** By rule, in the order of its actions. */
export type SetPrograms = ReadonlyMap<number, readonly SetProgram[]>;

/** @returns the actions of a module that set variables */
export function setPrograms({ programs }: Pick<MatcherDescription, "programs">): SetPrograms {
  const sets = programs.filter((program): program is SetProgram => program.set !== undefined);
  const inOrder = sets.toSorted((a, b) => a.rule - b.rule || a.action - b.action);
  return Map.groupBy(inOrder, ({ rule }) => rule);
}

export interface DecisionParts {
  readonly matcher: Matcher;
  readonly sets: SetPrograms;
  readonly variables: VariableStore;
  /** Whether the matcher reads variables at all. */
  readonly readsVariables: boolean;
  /** Of the event's record in the matcher's input. */
  readonly recordOffset: number;
  /** Rules that matched without context. */
  readonly rules: readonly number[];
  /** Some rules only may match. */
  readonly candidate: boolean;
  /** Rules that have matched this operation under another name of its file: they neither match nor act again. */
  readonly spent?: ReadonlySet<number> | undefined;
  /** The context block's values with variables as they are now. */
  values(): readonly ContextValue[];
  /** The same without those that are costly to find out, which are null; absent where none are. */
  readonly cheapValues?: (() => readonly ContextValue[]) | undefined;
  /** Whose variables the event reads and sets. */
  subject(): VariableSubject;
}

const NONE: ReadonlySet<number> = new Set();

/** @returns indices of the rules that match, ascending */
export function decideRules(parts: DecisionParts): number[] {
  const { candidate, readsVariables, spent = NONE } = parts;
  const rules = spent.size === 0 ? parts.rules : parts.rules.filter((rule) => !spent.has(rule));
  const matched = new Set(rules);
  let fresh: readonly number[] = rules;
  let turn = candidate;
  do {
    if (turn) {
      const more = judge(parts).filter((rule) => !matched.has(rule) && !spent.has(rule));
      for (const rule of more) matched.add(rule);
      fresh = fresh === rules ? [...rules, ...more] : more;
    }
    turn = act(parts, fresh) && candidate && readsVariables;
    fresh = [];
  } while (turn);
  return [...matched].sort((a, b) => a - b);
}

/**
 * Judges the rules that read context. What is not known counts as true, so a first look without the costly values
 * rules out most events: what does not match then never does.
 */
function judge({ matcher, recordOffset, values, cheapValues }: DecisionParts): number[] {
  if (cheapValues && matcher.matchContext(recordOffset, cheapValues()).length === 0) return [];
  return matcher.matchContext(recordOffset, values());
}

/** Takes the `set` actions of rules. @returns whether a variable changed */
function act(parts: DecisionParts, rules: readonly number[]): boolean {
  const { matcher, sets, variables, recordOffset } = parts;
  const programs = sets.size === 0 ? [] : rules.toSorted((a, b) => a - b).flatMap((rule) => sets.get(rule) ?? []);
  if (programs.length === 0) return false;
  const context = parts.values();
  const assignments = programs.flatMap(({ filter, set }) => {
    if (filter !== undefined && !matcher.runFilter(filter, recordOffset, context)) return [];
    return [{ set, values: valuesOf(parts, set, context) }];
  });
  let changed = false;
  for (const { set, values } of assignments)
    changed = variables.set(set.variable, { append: set.append, values }, parts.subject()) || changed;
  return changed;
}

/** @returns null when the program reads what is not known */
function valuesOf(
  { matcher, variables, recordOffset }: DecisionParts,
  set: SetProgram["set"],
  context: readonly ContextValue[],
): Assignment["values"] {
  if (set.value !== undefined) return constantValues(set.value);
  const type = variables.variables.find(({ name }) => name === set.variable)?.type;
  if (set.program === undefined || !type) return null;
  return matcher.runProgram(set.program, type, recordOffset, withUuid(matcher, context));
}

/** The context for one run of a program: with a UUID of its own, where the matcher reads one. */
function withUuid({ description }: Matcher, context: readonly ContextValue[]): readonly ContextValue[] {
  const entry = description.context.findIndex(({ key }) => key === UUID_KEY.key);
  return entry < 0 ? context : context.with(entry, crypto.randomUUID());
}
