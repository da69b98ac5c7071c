/** Counters of the kernel stage: what became of every event, summed over CPUs. */
import { EVENT_TYPES, PROCESS_FORK } from "@weir/matcher-wasm/format";
import { lookupMap, possibleCpus } from "./libbpf.ts";

/** struct counters in `bpf/include/filter.h`, in order. */
export const COUNTER_NAMES = [
  "seen",
  "droppedByInterest",
  "droppedByApprover",
  "droppedByDiscarder",
  "droppedByDirectory",
  "passed",
  "lostRingFull",
  "lostNoScratch",
  "lostNoStash",
  "lostUnreadable",
  "truncated",
  "namesLeftOut",
] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];
/**
 * Events of one type. `seen` is the sum of dropped, passed and lost (but `lostNoStash`, which are lost
 * before they are seen); `truncated` ones are among those that passed. Each further name of a file by which an event is
 * judged counts as an event; `namesLeftOut` are events of files that have more names than are judged.
 */
export type TypeCounters = Record<CounterName, number>;

/** The counters of dropped events. */
export const DROP_CAUSES = [
  "droppedByInterest",
  "droppedByApprover",
  "droppedByDiscarder",
  "droppedByDirectory",
] as const satisfies readonly CounterName[];

/** The counters of lost events, each with its cause in words. */
export const LOSS_CAUSES: readonly (readonly [counter: CounterName, cause: string])[] = [
  ["lostRingFull", "ring full"],
  ["lostNoScratch", "no working memory"],
  ["lostNoStash", "no stash"],
  ["lostUnreadable", "unreadable"],
];

/** By event type name, and `fork`, which rules do not judge. */
export type Counters = Record<string, TypeCounters>;

const ROWS: readonly (readonly [name: string, type: number])[] = [
  ...EVENT_TYPES.map(({ name, id }) => [name, id] as const),
  ["fork", PROCESS_FORK],
];

export function readCounters(fd: number): Counters {
  const cpus = possibleCpus();
  const values = new BigUint64Array(COUNTER_NAMES.length * cpus);
  const bytes = new Uint8Array(values.buffer);
  return Object.fromEntries(
    ROWS.map(([name, type]) => {
      lookupMap(fd, new Uint8Array(new Uint32Array([type]).buffer), bytes);
      const sums = COUNTER_NAMES.map((counter, i) => {
        let sum = 0n;
        for (let cpu = 0; cpu < cpus; cpu++) sum += values[cpu * COUNTER_NAMES.length + i] as bigint;
        return [counter, Number(sum)] as const;
      });
      return [name, Object.fromEntries(sums) as TypeCounters];
    }),
  );
}

/** File events only, all types together. */
export function totals(counters: Counters): TypeCounters {
  const sum = Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as TypeCounters;
  for (const { name, file } of EVENT_TYPES)
    if (file) for (const counter of COUNTER_NAMES) sum[counter] += counters[name]?.[counter] ?? 0;
  return sum;
}

/** Events that were lost, whatever the cause; of processes too. */
export function lost(counters: Counters): number {
  return Object.values(counters).reduce((sum, c) => sum + LOSS_CAUSES.reduce((s, [name]) => s + c[name], 0), 0);
}
