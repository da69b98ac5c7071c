/**
 * What other threads changed meanwhile. Two unfiltered stages that agree may both have missed a change that was
 * taken back between them; whether that was possible is told here.
 *
 * Such a pair of changes takes effect after the first stage looked and before the second did. If one thread made
 * both, it had reported the first by then. If two threads did, both were under way.
 */
import { EVENT_TYPES, FLAG_OTHER_NAME } from "@weir/matcher-wasm/format";
import { decoded, operations, type Seen, type Threads } from "./records.ts";

const idsOf = (...names: readonly string[]): ReadonlySet<number> =>
  new Set(EVENT_TYPES.filter(({ name }) => names.includes(name)).map(({ id }) => id));

/** They change paths of any file. */
const MOVING = idsOf("rename", "mount", "umount");
/** They add and take names of files. */
const NAMING = idsOf("link", "unlink");
/** They change what rules see of one file. */
const DESCRIBING = idsOf("chmod", "chown");

interface Change {
  /** The thread's event before, or the start of its process: not earlier did it begin. */
  readonly sinceNs: bigint;
  readonly reportedNs: bigint;
  readonly endNs: bigint;
}

type ByThread = Map<number, Change[]>;

export class Changes {
  readonly #moving: ByThread = new Map();
  readonly #naming: ByThread = new Map();
  /** By name of the file. */
  readonly #describing = new Map<string, ByThread>();

  constructor(before: Threads, after: Threads) {
    for (const [tid, events] of before) {
      const [first] = events;
      const afterwards = operations(after.get(tid) ?? []);
      let sinceNs = first ? decoded(first).processStartNs : 0n;
      for (const [i, [event]] of operations(events).entries()) {
        const otherNs = afterwards[i]?.[0].timeNs ?? event.timeNs;
        const [reportedNs, endNs] = event.timeNs < otherNs ? [event.timeNs, otherNs] : [otherNs, event.timeNs];
        const change = { sinceNs, reportedNs, endNs };
        if (MOVING.has(event.type)) pushTo(this.#moving, tid, change);
        if (NAMING.has(event.type)) pushTo(this.#naming, tid, change);
        if (DESCRIBING.has(event.type)) pushTo(entry(this.#describing, nameOf(event)), tid, change);
        sinceNs = endNs;
      }
    }
  }

  /** Whether other threads may have changed something of the event and taken it back between these moments. */
  mayHideBetween(event: Seen, startNs: bigint, endNs: bigint): boolean {
    const describing = this.#describing.size > 0 ? this.#describing.get(nameOf(event)) : undefined;
    const naming = decoded(event).flags & FLAG_OTHER_NAME ? this.#naming : undefined;
    return [this.#moving, describing, naming].some(
      (changes) => changes && mayHide(changes, event.tid, { startNs, endNs }),
    );
  }
}

function mayHide(all: ByThread, tid: number, { startNs, endNs }: { startNs: bigint; endNs: bigint }): boolean {
  let underWay = 0;
  for (const [other, changes] of all) {
    if (other === tid) continue;
    const change = changes[firstNotBefore(changes, startNs)];
    if (change === undefined || change.sinceNs > endNs) continue;
    underWay++;
    if (underWay > 1 || change.reportedNs <= endNs) return true;
  }
  return false;
}

function nameOf(event: Seen): string {
  const { path } = decoded(event);
  return path.slice(path.lastIndexOf("/") + 1);
}

function entry(map: Map<string, ByThread>, name: string): ByThread {
  const found = map.get(name) ?? new Map<number, Change[]>();
  map.set(name, found);
  return found;
}

function pushTo(map: ByThread, tid: number, change: Change): void {
  const list = map.get(tid);
  if (list) list.push(change);
  else map.set(tid, [change]);
}

/** @returns index of the first change that ends at this moment or later */
function firstNotBefore(changes: readonly Change[], ns: bigint): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle] as Change).endNs < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}
