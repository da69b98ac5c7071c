/** A process as the agent knows it. */

/** What a process runs; a new one with each exec. */
export interface Image {
  /** Executable; empty for kernel threads. */
  readonly path: string;
  readonly pathTruncated: boolean;
  /** argv, argv[0] included. */
  readonly args: readonly string[];
  readonly argsTruncated: boolean;
}

/** Of a process that nothing told of: neither its exec was seen nor could /proc be read. */
export const UNKNOWN_IMAGE: Image = { path: "", pathTruncated: false, args: [], argsTruncated: false };

export interface Process {
  /** In the initial pid namespace. */
  readonly tgid: number;
  /** CLOCK_BOOTTIME; for processes read from /proc a multiple of 10 ms until a record tells it exactly. */
  startNs: bigint;
  readonly ppid: number;
  /** Who created it, kept after that process is gone; undefined for init, kernel threads, and where it is not known. */
  parent: Process | undefined;
  image: Image;
  comm: string;
  /** Id of the cgroup v2 directory; 0 when unknown. */
  cgroupId: bigint;
  /** Empty outside a container. */
  containerId: string;
}

/** Longest lineage that is kept; real ones are far shorter. */
export const ANCESTORS_MAX = 64;

/** @returns from the parent to init, or as far as they are known */
export function ancestorsOf(process: Process): Process[] {
  const ancestors: Process[] = [];
  for (let p = process.parent; p && ancestors.length < ANCESTORS_MAX; p = p.parent) ancestors.push(p);
  return ancestors;
}

/** Whether nobody can stand above this process: `undefined` as its parent is then all there is to know. */
export function isOldest({ parent, ppid, image }: Process): boolean {
  return parent === undefined && ppid === 0 && image !== UNKNOWN_IMAGE;
}

/** Start times in /proc have this resolution (USER_HZ is 100 on every architecture Linux supports here). */
export const TICK_NS = 10_000_000n;

/** Whether two start times can be those of the same process, one of them perhaps read from /proc. */
export function sameStart(a: bigint, b: bigint): boolean {
  return a / TICK_NS === b / TICK_NS;
}
