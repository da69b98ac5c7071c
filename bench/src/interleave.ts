/**
 * Times several ways to do the same work in one run, in turns, so that what else the machine does meets all of
 * them alike.
 *
 * Rounds should be shorter than a time slice of the scheduler: then the median is one that nothing interrupted,
 * also on a busy machine.
 */

/** One way. A round is what is timed at once. */
export interface Contender {
  /** Units of work of one round, such as events. */
  readonly units: number;
  round(): void;
}

export interface Timing {
  /** Median over the rounds. */
  readonly perUnitNs: number;
  readonly rounds: number;
}

interface Turn {
  readonly contender: Contender;
  readonly samples: number[];
  spentMs: number;
}

export interface InterleaveOptions {
  /** For each contender. */
  readonly budgetMs: number;
  readonly roundsMin: number;
}

/**
 * The contender that has had the least time has the next round, until all have had their time and their rounds.
 * @returns timings under the names of the contenders
 */
export function interleave<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  { budgetMs, roundsMin }: InterleaveOptions,
): Record<Name, Timing> {
  const names = Object.keys(contenders) as Name[];
  const turns = names.map((name): Turn => ({ contender: contenders[name], samples: [], spentMs: 0 }));
  const isDone = ({ spentMs, samples }: Turn): boolean => spentMs >= budgetMs && samples.length >= roundsMin;
  for (let open = turns; open.length > 0; open = open.filter((turn) => !isDone(turn))) {
    const next = open.reduce((least, turn) => (turn.spentMs < least.spentMs ? turn : least));
    const start = performance.now();
    next.contender.round();
    const ms = performance.now() - start;
    next.spentMs += ms;
    next.samples.push((ms * 1e6) / next.contender.units);
  }
  return Object.fromEntries(
    turns.map(({ samples }, i) => [names[i], { perUnitNs: median(samples), rounds: samples.length }]),
  ) as Record<Name, Timing>;
}

/** @returns the upper of both middle values where their number is even */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of no values");
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** @returns up to `count` of the list's entries, evenly spread over it */
export function spread<T>(list: readonly T[], count: number): T[] {
  const taken = Math.min(list.length, Math.max(1, Math.floor(count)));
  return Array.from({ length: taken }, (_, i) => list[Math.floor((i * list.length) / taken)] as T);
}
