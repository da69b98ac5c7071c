/** A process as the agent knows it. */
import type { RecordHeader } from "@weir/matcher-wasm/format";
import type { Cgroup } from "./cgroup.ts";
import type { FileAttributes } from "./statx.ts";

/** What a process runs; a new one with each exec, shared with the children that execute nothing. */
export interface Image {
  /** Executable; empty for kernel threads. */
  readonly path: string;
  readonly pathTruncated: boolean;
  /** argv, argv[0] included. */
  readonly args: readonly string[];
  readonly argsTruncated: boolean;
  /** Of the executable; undefined until somebody asked for it and it could be read. */
  attributes?: FileAttributes | undefined;
}

/** Of a process that nothing told of: neither its exec was seen nor could /proc be read. */
export const UNKNOWN_IMAGE: Readonly<Image> = { path: "", pathTruncated: false, args: [], argsTruncated: false };

/** Ids as records have them: in the initial namespaces. */
export type ProcessIds = Pick<
  RecordHeader,
  "tid" | "uid" | "gid" | "euid" | "egid" | "fsuid" | "fsgid" | "auid" | "mountNs" | "pidNs"
>;

/** Sets of capabilities, bit n for capability n, and the ids they belonged to. */
export interface Capabilities {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly euid: number;
}

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
  /** As of its last record; undefined for a process that made none yet. */
  ids: ProcessIds | undefined;
  /** Id of the cgroup v2 directory as of its last record; 0 when unknown. */
  cgroupId: bigint;
  /** Undefined: not known. */
  cgroup: Cgroup | undefined;
  /** It executed a file since it was forked; undefined: not known. */
  executed: boolean | undefined;
  /** A thread of the kernel; undefined: not known. */
  ofKernel: boolean | undefined;
  /** Its exit has been seen, or its pid is another's. */
  ended: boolean;
  /** Children that have not been forgotten. */
  children: number;
  /** As /proc showed them last. */
  terminal?: string | undefined;
  capabilities?: Capabilities | undefined;
  /** The image that /proc could not tell more of: the process is gone, or runs another one already. */
  silentImage?: Image | undefined;
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

/** @returns whether these ancestors, as `ancestorsOf` gives them, are all there are */
export function isComplete(process: Process, ancestors: readonly Process[]): boolean {
  return ancestors.length < ANCESTORS_MAX && isOldest(ancestors.at(-1) ?? process);
}

/** Start times in /proc have this resolution (USER_HZ is 100 on every architecture Linux supports here). */
export const TICK_NS = 10_000_000n;

/** Whether two start times can be those of the same process, one of them perhaps read from /proc. */
export function sameStart(a: bigint, b: bigint): boolean {
  return a / TICK_NS === b / TICK_NS;
}

/** @returns a name of the process that no later one with the same pid has */
export function identityOf({ tgid, startNs }: Process): string {
  return `${tgid}@${startNs / TICK_NS}`;
}

/** @returns the ids among the fields of a record's head */
export function idsOf(header: ProcessIds): ProcessIds {
  const { tid, uid, gid, euid, egid, fsuid, fsgid, auid, mountNs, pidNs } = header;
  return { tid, uid, gid, euid, egid, fsuid, fsgid, auid, mountNs, pidNs };
}
