/**
 * Sets of signed 64-bit integers as sorted, disjoint, non-adjacent closed intervals. All operations are exact.
 */
import type { CompareOp } from "../ir.ts";

export type Intervals = readonly (readonly [from: bigint, to: bigint])[];

const MIN = -(1n << 63n);
const MAX = (1n << 63n) - 1n;

export const NOTHING: Intervals = [];
export const EVERYTHING: Intervals = [[MIN, MAX]];

/** @returns all integers from one to the other, both included; none when they cross */
export const between = (from: bigint, to: bigint): Intervals => (from <= to ? [[from, to]] : NOTHING);

/** @returns what compares so to the value */
export function compared(op: CompareOp, value: bigint): Intervals {
  switch (op) {
    case "==":
      return between(value, value);
    case "!=":
      return complement(between(value, value));
    case "<":
      return value === MIN ? NOTHING : between(MIN, value - 1n);
    case "<=":
      return between(MIN, value);
    case ">":
      return value === MAX ? NOTHING : between(value + 1n, MAX);
    case ">=":
      return between(value, MAX);
  }
}

export function points(values: readonly bigint[]): Intervals {
  return merge(values.map((value) => [value, value] as const));
}

export function complement(set: Intervals): Intervals {
  const gaps: [bigint, bigint][] = [];
  let from = MIN;
  for (const [low, high] of set) {
    if (low > from) gaps.push([from, low - 1n]);
    if (high === MAX) return gaps;
    from = high + 1n;
  }
  gaps.push([from, MAX]);
  return gaps;
}

export function union(a: Intervals, b: Intervals): Intervals {
  return merge([...a, ...b]);
}

export function intersection(a: Intervals, b: Intervals): Intervals {
  const common: [bigint, bigint][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [aLow, aHigh] = a[i] as Intervals[number];
    const [bLow, bHigh] = b[j] as Intervals[number];
    const aEndsFirst = aHigh < bHigh;
    const low = laterOf(aLow, bLow);
    const high = aEndsFirst ? aHigh : bHigh;
    if (low <= high) common.push([low, high]);
    if (aEndsFirst) i++;
    else j++;
  }
  return common;
}

function laterOf(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

export const isSubset = (narrow: Intervals, wide: Intervals): boolean =>
  intersection(narrow, complement(wide)).length === 0;

/** @returns the value when the set has exactly one */
export function onlyValue(set: Intervals): bigint | undefined {
  const [first] = set;
  return set.length === 1 && first !== undefined && first[0] === first[1] ? first[0] : undefined;
}

function merge(ranges: readonly (readonly [bigint, bigint])[]): Intervals {
  const merged: [bigint, bigint][] = [];
  for (const [low, high] of [...ranges].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const last = merged.at(-1);
    if (last === undefined || low > last[1] + 1n) merged.push([low, high]);
    else if (high > last[1]) last[1] = high;
  }
  return merged;
}
