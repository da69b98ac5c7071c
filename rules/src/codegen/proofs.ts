/**
 * Which predicates over directories a matcher gets, so that it can prove directories silent.
 *
 * A directory is silent for an event type when the directory expressions of all its rules are false. Rules of
 * one condition on directories share a predicate, also across event types: what it reads lies at the same
 * place in the records of all of them.
 *
 * Invariant: a type has a plan only when its rules leave something to prove. Whatever is not understood here
 * makes a type unprovable, never silent.
 */
import { EVENT_TYPES } from "@weir/matcher-wasm/format";
import { directoryExpr, directoryField } from "../access/directory.ts";
import type { CheckedRule, Nnf } from "../ir.ts";
import { EXPRESSION_DEPTH_MAX } from "./runtime.ts";

/** Levels that a directory expression may have more than the rule's own. */
const DEPTH_ADDED = 4;

export interface ProofPlan {
  /** Distinct expressions over directories, none of them constant. */
  readonly exprs: readonly Nnf[];
  /** By event type name, indices of the expressions of which none may hold; types without a proof are absent. */
  readonly types: ReadonlyMap<string, readonly number[]>;
}

export function planProofs(rules: readonly CheckedRule[]): ProofPlan {
  const exprs: Nnf[] = [];
  const known = new Map<string, number>();
  const types = new Map<string, readonly number[]>();
  for (const { name } of EVENT_TYPES) {
    if (directoryField(name) === undefined) continue;
    const ofType = directoryExprs(rules.filter(({ event }) => event === name));
    if (ofType === null) continue;
    const indices = [...ofType].map(([key, expr]) => {
      const index = known.get(key) ?? exprs.length;
      if (index === exprs.length) exprs.push(expr);
      known.set(key, index);
      return index;
    });
    types.set(name, indices);
  }
  return { exprs, types };
}

/** @returns the distinct expressions by their key, null when one of them holds for every directory */
function directoryExprs(rules: readonly CheckedRule[]): ReadonlyMap<string, Nnf> | null {
  const found = new Map<string, Nnf>();
  for (const { expr } of rules) {
    if (nestsTooDeep(expr)) return null;
    const { expr: directory, key } = directoryExpr(expr);
    if (directory.kind !== "const") found.set(key, directory);
    else if (directory.value) return null;
  }
  return found;
}

/** Iterates, so that no depth can harm it. */
function nestsTooDeep(expr: Nnf): boolean {
  const open: (readonly [Nnf, number])[] = [[expr, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [term, depth] = next;
    if (term.kind !== "and" && term.kind !== "or") continue;
    if (depth > EXPRESSION_DEPTH_MAX - DEPTH_ADDED) return true;
    for (const inner of term.terms) open.push([inner, depth + 1]);
  }
  return false;
}
