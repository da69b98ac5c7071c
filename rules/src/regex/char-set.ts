/**
 * Sets of code points.
 *
 * Invariant: a set is a flat list of ranges `low, high, low, high, …`, both ends included, ascending, with
 * at least one code point between two ranges. Equal sets are equal lists.
 */
export type CharSet = readonly number[];

export const CODE_POINT_MAX = 0x10ffff;
export const EVERYTHING: CharSet = [0, CODE_POINT_MAX];

/** @param ranges pairs in any order, overlapping or not; `high` is not below `low` */
export function normalise(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] as number, ranges[i + 1] as number]);
  pairs.sort(([a], [b]) => a - b);
  const set: number[] = [];
  for (const [low, high] of pairs) {
    const last = set.length - 1;
    if (last >= 0 && low <= (set[last] as number) + 1) set[last] = Math.max(set[last] as number, high);
    else set.push(low, high);
  }
  return set;
}

export function complement(set: CharSet): CharSet {
  const result: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    if ((set[i] as number) > next) result.push(next, (set[i] as number) - 1);
    next = (set[i + 1] as number) + 1;
  }
  if (next <= CODE_POINT_MAX) result.push(next, CODE_POINT_MAX);
  return result;
}

export function contains(set: CharSet, codePoint: number): boolean {
  let low = 0;
  let high = set.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle * 2 + 1] as number) < codePoint) low = middle + 1;
    else high = middle;
  }
  const start = set[low * 2];
  return start !== undefined && start <= codePoint;
}

/** @returns how many code points it holds */
export function size(set: CharSet): number {
  let sum = 0;
  for (let i = 0; i < set.length; i += 2) sum += (set[i + 1] as number) - (set[i] as number) + 1;
  return sum;
}
