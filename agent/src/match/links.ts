/**
 * Watched names of files with several hard links, given to the kernel stage by device and inode: an event of such a file
 * by any of its names is then judged by the watched ones, too. The kernel stage finds names that the kernel has at hand
 * itself; this keeps those that it may have forgotten, or never heard of since the host started.
 *
 * Names are found by looking through what is watched when rules become active, in the background, and by events; those in
 * directories that the matchers prove silent are left out. The keeper is a tenant of its own that wants links, renames
 * and removals of watched paths. It reads them in the order of the ring, as it does the events that came by a kept name;
 * so of such an event it knows whether the name was still the file's.
 *
 * Invariant: what is kept here is what the kernel stage has, at most NAMES_MAX names, each of one file.
 */
import { readlinkSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Approver, eventTypeById, eventTypeByName, type FileEvent, type Seeds } from "@weir/matcher-wasm/format";
import type { IdentityKey } from "../kernel/identities.ts";
import { IDENTITY_NAMES_MAX, IDENTITY_PATH_BYTES, type TenantSeeds } from "../kernel/tables.ts";
import { attributesOf, type FileAttributes, S_IFDIR, S_IFMT } from "../process/statx.ts";
import { type ActiveBundle, type Generation, LINKS_SLOT } from "./generation.ts";

export interface LinkCounters {
  /** Names that are kept now. */
  kept: number;
  /** Names that were not: too long, too many of one file, or too many altogether. */
  refused: number;
  /** Directory entries looked at since the rules became active, and whether there were more than are looked at. */
  visited: number;
  incomplete: boolean;
  /** That is not done yet. */
  looking: boolean;
}

/** Whether a rule may match an operation on a file directly in this directory; the root is "". */
export type Matters = (directory: string) => boolean;

export interface LinkOptions {
  readonly keep: (key: IdentityKey, path: Uint8Array) => void;
  readonly drop: (key: IdentityKey) => void;
  /** What the paths of events start at: the root of the host's mount namespace, without slash at the end. */
  readonly root: string;
  readonly namesMax?: number;
  readonly visitsMax?: number;
}

const NAMES_MAX = 16_384;
/** Directory entries that are looked at for one generation, and how many before others get their turn. */
const VISITS_MAX = 500_000;
const VISITS_AT_ONCE = 256;
const PAUSE_MS = 5;
/** Operations on a file, whatever name it goes by: FILE_TYPES in `bpf/lib/names.h`, but link, which has two paths. */
const FILE_TYPES: readonly string[] = ["open", "chmod", "chown", "utimes", "setxattr", "removexattr", "splice"];
/** File systems that are not of files. */
const PSEUDO = ["/proc", "/sys", "/dev"];

/** Directories of which it is remembered whether their files matter. */
const DIRECTORIES_MAX = 4096;
const RENAME_EXCHANGE = 2;

type Key = `${number}:${bigint}`;
type Watched = Pick<Approver, "kind" | "value">;

export class WatchedLinks {
  readonly counters: LinkCounters = { kept: 0, refused: 0, visited: 0, incomplete: false, looking: false };
  readonly #options: LinkOptions;
  /** Names by file, in the order of `nth`, and the file of each name. */
  readonly #names = new Map<Key, string[]>();
  readonly #files = new Map<string, Key>();
  #walk = 0;
  #matters: Matters = () => true;
  #directories = new Map<string, boolean>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Looks through what these seeds watch, in the background; ends when others are given, or `stop` is called. */
  async watch(tenants: readonly TenantSeeds[], matters: Matters): Promise<void> {
    const walk = ++this.#walk;
    this.#matters = matters;
    this.#directories.clear();
    Object.assign(this.counters, { visited: 0, incomplete: false, looking: true });
    const watched = watchedBy(tenants);
    for (const { value } of watched) {
      if (!(await this.#mayVisit(walk))) return;
      this.#look(value);
    }
    const directories = watched.flatMap(({ kind, value }) => (kind === "ancestor" ? [value] : []));
    const above = (path: string): boolean => directories.some((other) => other !== path && isBelow(path, other));
    for (const directory of directories) if (!above(directory)) await this.#lookBelow(directory, walk);
    if (this.#walk === walk) this.counters.looking = false;
  }

  stop(): void {
    this.#walk++;
  }

  /** An event of the keeper's own: names have come or gone. */
  note(event: FileEvent): void {
    const type = eventTypeById(event.type)?.name;
    if (event.retval !== 0) return;
    if (type === "unlink" || type === "rename") this.#forget(event.path, event);
    if (type === "rename") this.#forget(event.destination, event);
    if (type === "link" || (type === "rename" && event.opFlags & RENAME_EXCHANGE)) this.#lookOrWalk(event.path);
    if (type === "link" || type === "rename") this.#lookOrWalk(event.destination);
  }

  /** Whether an event came by a kept name that was not the file's any more. */
  isGone({ dev, inode, path }: Pick<FileEvent, "dev" | "inode" | "path">): boolean {
    if (this.#files.get(path) !== `${dev}:${inode}`) return true;
    const now = this.#attributes(path);
    // Gone since: what was read of it before still holds for this event, and not for the next.
    if (!now || now.inode !== inode || now.dev !== dev) this.#drop(path);
    return false;
  }

  #attributes(path: string): FileAttributes | undefined {
    return attributesOf(this.#options.root + path, { followLink: false });
  }

  #lookOrWalk(path: string): void {
    if (path === "") return;
    if (this.#look(path)) void this.#lookBelow(path, this.#walk);
  }

  /** @returns whether it is a directory */
  #look(path: string): boolean {
    const now = this.#attributes(path);
    if (!now) return false;
    if ((now.mode & S_IFMT) === S_IFDIR) return true;
    if (now.links > 1 && this.#isWanted(path)) this.#keep(path, now);
    return false;
  }

  #isWanted(path: string): boolean {
    const directory = path.slice(0, path.lastIndexOf("/"));
    let wanted = this.#directories.get(directory);
    if (wanted === undefined) {
      wanted = this.#matters(directory);
      if (this.#directories.size >= DIRECTORIES_MAX) this.#directories.clear();
      this.#directories.set(directory, wanted);
    }
    return wanted;
  }

  async #mayVisit(walk: number): Promise<boolean> {
    if (this.#walk !== walk) return false;
    if (this.counters.visited >= (this.#options.visitsMax ?? VISITS_MAX)) {
      this.counters.incomplete = true;
      return false;
    }
    if (++this.counters.visited % VISITS_AT_ONCE === 0) await sleep(PAUSE_MS);
    return this.#walk === walk;
  }

  async #lookBelow(directory: string, walk: number): Promise<void> {
    if (PSEUDO.includes(directory)) return;
    const entries = await opendir(`${this.#options.root}${directory}/`).catch(() => undefined);
    if (!entries) return;
    const below: string[] = [];
    try {
      for await (const entry of entries) {
        if (!(await this.#mayVisit(walk))) return;
        const path = `${directory === "/" ? "" : directory}/${entry.name}`;
        if (entry.isDirectory()) below.push(path);
        else if (!entry.isSymbolicLink()) this.#look(path);
      }
    } catch {
      return; // it has gone
    }
    for (const path of below) await this.#lookBelow(path, walk);
  }

  #keep(path: string, { dev, inode }: FileAttributes): void {
    const key: Key = `${dev}:${inode}`;
    if (this.#files.get(path) === key) return;
    this.#drop(path);
    const names = this.#names.get(key) ?? [];
    const bytes = new TextEncoder().encode(path);
    const full = this.#files.size >= (this.#options.namesMax ?? NAMES_MAX);
    if (full || names.length >= IDENTITY_NAMES_MAX || bytes.length >= IDENTITY_PATH_BYTES) {
      this.counters.refused++;
      return;
    }
    try {
      this.#options.keep({ dev, inode, nth: names.length }, bytes);
    } catch {
      this.counters.refused++;
      return;
    }
    names.push(path);
    this.#names.set(key, names);
    this.#files.set(path, key);
    this.counters.kept = this.#files.size;
  }

  /** A name is no longer what it was; of a directory, those below it neither. */
  #forget(path: string, { mode, inode }: Pick<FileEvent, "mode" | "inode">): void {
    this.#drop(path);
    if (inode !== 0n && (mode & S_IFMT) !== S_IFDIR) return;
    for (const name of [...this.#files.keys()]) if (isBelow(name, path)) this.#drop(name);
  }

  #drop(path: string): void {
    const key = this.#files.get(path);
    if (key === undefined) return;
    this.#files.delete(path);
    this.counters.kept = this.#files.size;
    const [dev, inode] = key.split(":") as [string, string];
    const at = (nth: number): IdentityKey => ({ dev: Number(dev), inode: BigInt(inode), nth });
    const names = this.#names.get(key) ?? [];
    const last = names.pop();
    // The last one takes its place, so that no gap is left.
    if (last !== undefined && last !== path) {
      const nth = names.indexOf(path);
      names[nth] = last;
      this.#options.keep(at(nth), new TextEncoder().encode(last));
    }
    this.#options.drop(at(names.length));
    if (names.length === 0) this.#names.delete(key);
  }
}

const isBelow = (path: string, directory: string): boolean =>
  path.startsWith(directory === "/" ? "/" : `${directory}/`);

/** What the kernel stage is to report for the keeper, of what these seeds watch. */
export function linkSeeds(tenants: readonly TenantSeeds[]): TenantSeeds {
  const watched = watchedBy(tenants);
  const events = ["link", "rename", "unlink"];
  const approvers = watched.flatMap(({ kind, value }) => [
    ...events.map((event) => ({ event, kind, value, slot: "file" as const, flagsAny: null })),
    ...events.slice(0, 2).map((event) => ({ event, kind, value, slot: "destination" as const, flagsAny: null })),
  ]);
  const interests = events.map((event) => ({ event, flagsAny: null, unfiltered: false as const }));
  const seeds: Seeds = { format: "weir-seeds/1", interests: watched.length > 0 ? interests : [], approvers };
  return { tenant: LINKS_SLOT, seeds };
}

type Prove = (bundle: ActiveBundle, type: number, directory: Uint8Array) => boolean;

/** What the matchers of a generation cannot prove silent for any operation on a file that they want. */
export function mattersTo({ bundles }: Generation, prove: Prove): Matters {
  const wanting = bundles.flatMap((active) => {
    const types = active.bundle.seeds.interests.flatMap(({ event }) =>
      FILE_TYPES.includes(event) ? (eventTypeByName(event)?.id ?? []) : [],
    );
    return types.length > 0 ? [{ active, types }] : [];
  });
  return (directory) => {
    const bytes = new TextEncoder().encode(directory);
    return wanting.some(({ active, types }) => types.some((type) => !prove(active, type, bytes)));
  };
}

/** What the seeds say of the paths of files that operations are on, each once. */
function watchedBy(tenants: readonly TenantSeeds[]): Watched[] {
  const found = new Map<string, Watched>();
  for (const { seeds } of tenants)
    for (const { event, slot, kind, value } of seeds.approvers)
      if (slot === "file" && kind !== "basename" && FILE_TYPES.includes(event))
        found.set(`${kind} ${value}`, { kind, value });
  return [...found.values()];
}

const namespaceOf = (process: string): string | undefined => {
  try {
    return readlinkSync(`/proc/${process}/ns/mnt`);
  } catch {
    return undefined;
  }
};

/** @returns what a path of the host's mount namespace, that of process 1, has in front of it here */
export function hostRoot(): string {
  const host = namespaceOf("1");
  return host === undefined || host === namespaceOf("self") ? "" : "/proc/1/root";
}
