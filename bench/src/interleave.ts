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

/** A contender that may be absent may have no timing. */
type Timings<Contenders> = {
  readonly [name in keyof Contenders]: Contenders[name] extends Contender ? Timing : Timing | undefined;
};

/**
 * The contender that has had the least time has the next round, until all have had their time and their rounds.
 * @returns timings under the names of the contenders that there are
 */
export function interleave<Contenders extends Readonly<Record<string, Contender | undefined>>>(
  contenders: Contenders,
  { budgetMs, roundsMin }: InterleaveOptions,
): Timings<Contenders> {
  const turns = Object.entries(contenders).flatMap(([name, contender]) =>
    contender === undefined ? [] : [{ name, turn: { contender, samples: [], spentMs: 0 } as Turn }],
  );
  const isDone = ({ spentMs, samples }: Turn): boolean => spentMs >= budgetMs && samples.length >= roundsMin;
  for (let open = turns.map(({ turn }) => turn); open.length > 0; open = open.filter((turn) => !isDone(turn))) {
    const next = open.reduce((least, turn) => (turn.spentMs < least.spentMs ? turn : least));
    const start = performance.now();
    next.contender.round();
    const ms = performance.now() - start;
    next.spentMs += ms;
    next.samples.push((ms * 1e6) / next.contender.units);
  }
  return Object.fromEntries(
    turns.map(({ name, turn: { samples } }) => [name, { perUnitNs: median(samples), rounds: samples.length }]),
  ) as Timings<Contenders>;
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
