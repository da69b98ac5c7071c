/** Random choices that a seed repeats. */

export class Random {
  #state: number;

  /** @param seed 0 … 2^32 - 1 */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** @returns 0 … 2^32 - 1; splitmix32 */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** @returns an integer from 0 to below the limit */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** @returns an integer of the range, both ends included */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32;
  }

  one<T>(of: readonly T[]): T {
    if (of.length === 0) throw new RangeError("one of nothing");
    return of[this.below(of.length)] as T;
  }

  /** @returns one of the values, as often as its weight says */
  weighted<T>(of: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.below(of.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of of) {
      if (at < weight) return value;
      at -= weight;
    }
    throw new RangeError("weights sum to nothing");
  }

  /** @returns so many results, each of a call */
  list<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  /** @returns some of the values, in their order, at least one */
  some<T>(of: readonly T[], most: number): T[] {
    const wanted = this.between(1, Math.min(most, of.length));
    const left = [...of];
    return this.list(wanted, () => left.splice(this.below(left.length), 1)[0] as T);
  }
}
