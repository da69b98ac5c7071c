/** Random numbers by seed, the same on every machine. */

export interface Random {
  /** @returns a number from 0 to below 1 */
  next(): number;
  /** @returns an integer from 0 to below `n` */
  below(n: number): number;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32: small, fast, good enough to choose paths by. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)] as (typeof list)[number] };
}
