/**
 * Access predicates: what the kernel stage can demand of an event before a rule has a chance.
 *
 * Sound by construction. The result for an expression is a list of which at least one predicate holds for
 * every event that satisfies it:
 * - a leaf gives keys or a flag condition that it implies, otherwise the predicate that always holds;
 * - `or` gives the lists of all its terms together;
 * - `and` gives the list of one term, the most selective; all other terms hold as well, so what flags
 *   they imply is added to each predicate.
 * An empty list says that no event can match. The size is linear in the expression: an `and` picks, it
 * does not multiply.
 */
import type { AccessPredicate, Nnf } from "../ir.ts";
import { anyFlags, bothFlags, type FlagCondition, impliesFlags, leafFlags } from "./flags.ts";
import { type Key, leafKeys, selectivity } from "./keys.ts";

/** Most predicates of one rule; more are merged into wider ones. */
export const ACCESS_PREDICATES_MAX = 4096;

const ALWAYS: AccessPredicate = { key: null, flagsAny: null };

/** @returns predicates of which one holds for each event that the expression matches, sorted, without redundant ones */
export function accessPredicates(expr: Nnf): readonly AccessPredicate[] {
  let predicates = reduce(derive(expr));
  while (predicates.length > ACCESS_PREDICATES_MAX) predicates = reduce(predicates.map(widen));
  return predicates;
}

function derive(expr: Nnf): readonly AccessPredicate[] {
  switch (expr.kind) {
    case "const":
      return expr.value ? [ALWAYS] : [];
    case "or":
      return expr.terms.flatMap(derive);
    case "and":
      return conjunction(expr.terms.map(derive));
    default: {
      const keys = leafKeys(expr);
      return keys === null ? [{ key: null, flagsAny: leafFlags(expr) }] : keys.map((key) => ({ key, flagsAny: null }));
    }
  }
}

function conjunction(terms: readonly (readonly AccessPredicate[])[]): readonly AccessPredicate[] {
  if (terms.some((list) => list.length === 0)) return [];
  const implied = terms.map((list) => list.map((p) => p.flagsAny).reduce(anyFlags));
  const ranked = terms.map((list) => ({ list, worst: leastSelective(list) }));
  const best = ranked.reduce((a, b) => (isMoreSelective(b, a) ? b : a)).list;
  const others = implied.filter((_, i) => terms[i] !== best);
  const flags = others.reduce<FlagCondition>(bothFlags, null);
  return best.map((p) => ({ key: p.key, flagsAny: bothFlags(p.flagsAny, flags) }));
}

interface Ranked {
  readonly list: readonly AccessPredicate[];
  readonly worst: number;
}

const leastSelective = (list: readonly AccessPredicate[]): number =>
  list.reduce((least, p) => Math.min(least, selectivity(p.key)), Infinity);

/** A list is as selective as its least selective predicate; among equals the shorter one is better. */
function isMoreSelective(a: Ranked, b: Ranked): boolean {
  const difference = a.worst - b.worst;
  return difference > 0 || (difference === 0 && a.list.length < b.list.length);
}

/** One predicate per key, and none that another one covers. */
function reduce(predicates: readonly AccessPredicate[]): AccessPredicate[] {
  const byKey = new Map<string, AccessPredicate>();
  for (const p of predicates) {
    const id = keyId(p.key);
    const known = byKey.get(id);
    byKey.set(id, known === undefined ? p : { key: p.key, flagsAny: anyFlags(known.flagsAny, p.flagsAny) });
  }
  const covers = (key: Key | null, p: AccessPredicate): boolean => {
    const wider = byKey.get(keyId(key));
    return wider !== undefined && impliesFlags(p.flagsAny, wider.flagsAny);
  };
  const lengths = ancestorLengths(byKey.values());
  return [...byKey.entries()]
    .filter(([, p]) => !widerKeys(p.key, lengths).some((key) => covers(key, p)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, p]) => p);
}

/** Lengths of the directories that are asked for: what else lies above a path need not be looked at. */
function ancestorLengths(predicates: Iterable<AccessPredicate>): ReadonlySet<number> {
  const lengths = new Set<number>();
  for (const { key } of predicates) if (key?.kind === "ancestor") lengths.add(key.value.length);
  return lengths;
}

const keyId = (key: Key | null): string => (key === null ? "" : `${key.slot}\n${key.kind}\n${key.value}`);

/**
 * @param lengths of directories that are of interest
 * @returns every such key that is present wherever this one is, itself excluded: directories above it, and none at all
 */
function widerKeys(key: Key | null, lengths: ReadonlySet<number>): readonly (Key | null)[] {
  if (key === null) return [];
  const wider: (Key | null)[] = [null];
  if (key.kind === "basename" || lengths.size === 0) return wider;
  for (let slash = key.value.lastIndexOf("/"); slash > 0; slash = key.value.lastIndexOf("/", slash - 1))
    if (lengths.has(slash)) wider.push({ kind: "ancestor", slot: key.slot, value: key.value.slice(0, slash) });
  return wider;
}

/** @returns the directory that holds it; null at the root and directly below, where an ancestor says nothing */
function parent(path: string): string | null {
  const slash = path.lastIndexOf("/");
  return slash > 0 ? path.slice(0, slash) : null;
}

/** @returns a predicate that holds whenever this one does, a step less selective */
function widen(predicate: AccessPredicate): AccessPredicate {
  const { key, flagsAny } = predicate;
  if (key === null || key.kind === "basename") return { key: null, flagsAny };
  const value = parent(key.value);
  return { key: value === null ? null : { kind: "ancestor", slot: key.slot, value }, flagsAny };
}
