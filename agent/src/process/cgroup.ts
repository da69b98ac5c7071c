/**
 * Cgroups and the containers they make up. Docker, containerd, CRI-O and Podman all name a container's cgroup by
 * its id of 64 hexadecimal digits, bare or between a prefix and ".scope".
 *
 * Invariant: processes of one cgroup share one `Cgroup`, processes of one container one `Container`; both are
 * forgotten with their last process.
 */
import { existsSync, readFileSync } from "node:fs";
import { attributesOf } from "./statx.ts";

export interface Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** docker, containerd, cri-o or podman; undefined where the name of the cgroup does not tell. */
  readonly runtime: string | undefined;
  /** When its first process joined it, as far as was seen; CLOCK_BOOTTIME. */
  createdNs: bigint;
  members: number;
}

export interface Cgroup {
  /** Distinguishes cgroups that had the same path one after the other, where the system tells. */
  readonly key: string;
  readonly path: string;
  readonly version: 1 | 2;
  /** docker, containerd, cri-o, podman or systemd; empty for another, undefined where the path does not tell. */
  readonly manager: string | undefined;
  /** Of its directory; undefined where it can't be read. */
  readonly inode: bigint | undefined;
  /** Undefined outside a container. */
  readonly container: Container | undefined;
  members: number;
}

/** What a path tells. */
export interface CgroupPath {
  readonly version: 1 | 2;
  /** Names of controllers, empty for version 2. */
  readonly hierarchy: string;
  readonly path: string;
  /** Empty outside a container. */
  readonly containerId: string;
  readonly manager: string | undefined;
}

const CONTAINER_ID = /(?:^|[^0-9a-f])([0-9a-f]{64})(?![0-9a-f])/g;
/** What stands in front of a container's id. */
const RUNTIMES: readonly (readonly [pattern: RegExp, runtime: string])[] = [
  [/(?:\/docker\/|(?:^|\/)docker-)$/, "docker"],
  [/cri-containerd[-:]$/, "containerd"],
  [/crio-$/, "cri-o"],
  [/libpod-(?:conmon-)?$/, "podman"],
];

/** @returns the innermost container of a path and what runs it */
function containerOf(path: string): { id: string; runtime: string | undefined } | undefined {
  const innermost = [...path.matchAll(CONTAINER_ID)].at(-1);
  const id = innermost?.[1];
  if (!innermost || id === undefined) return undefined;
  const before = path.slice(0, innermost.index + innermost[0].length - id.length);
  return { id, runtime: RUNTIMES.find(([pattern]) => pattern.test(before))?.[1] };
}

/**
 * @param cgroups as in /proc/PID/cgroup: a line for each hierarchy, `id:controllers:path`
 * @param unified the host has cgroup v2 alone
 * @returns the cgroup that stands for the process: of version 2 on such a host, else the one that names a
 *   container, else systemd's; undefined without any
 */
export function parseCgroups(cgroups: string, unified: boolean): CgroupPath | undefined {
  const lines = cgroups.split("\n").flatMap((line) => {
    const [, hierarchy, path] = /^\d+:([^:]*):(.*?)(?: \(deleted\))?$/.exec(line) ?? [];
    return hierarchy === undefined || path === undefined ? [] : [{ hierarchy, path, container: containerOf(path) }];
  });
  const chosen =
    (unified ? lines.find(({ hierarchy }) => hierarchy === "") : undefined) ??
    lines.find(({ container }) => container) ??
    lines.find(({ hierarchy }) => hierarchy === "name=systemd") ??
    lines[0];
  if (!chosen) return undefined;
  const { hierarchy, path } = chosen;
  const container = chosen.container ?? lines.find((line) => line.container)?.container;
  const manager = container ? container.runtime : /\.(?:service|scope|slice)$/.test(path) ? "systemd" : "";
  return { version: hierarchy === "" ? 2 : 1, hierarchy, path, containerId: container?.id ?? "", manager };
}

export class Cgroups {
  readonly #byKey = new Map<string, Cgroup>();
  readonly #containers = new Map<string, Container>();
  readonly #onContainerEnd: (id: string) => void;
  /** With cgroup v2 alone the id in records names a process's cgroup; otherwise only /proc does. */
  readonly unified = existsSync("/sys/fs/cgroup/cgroup.controllers");

  constructor(onContainerEnd: (id: string) => void) {
    this.#onContainerEnd = onContainerEnd;
  }

  get containers(): number {
    return this.#containers.size;
  }

  /**
   * @param id as in a record, 0 when it is not known
   * @param atNs when the process joined it, as far as is known
   * @returns the cgroup, with one more member; undefined when neither the id nor /proc tells
   */
  join(pid: number, id: bigint, atNs: bigint): Cgroup | undefined {
    const known = this.unified && id !== 0n ? this.#byKey.get(String(id)) : undefined;
    const cgroup = known ?? this.#read(pid, id);
    if (!cgroup) return undefined;
    cgroup.members++;
    const { container } = cgroup;
    if (container) {
      container.members++;
      if (atNs < container.createdNs) container.createdNs = atNs;
    }
    return cgroup;
  }

  /** As `join`, for a process that is born into the cgroup of another. */
  joinAs(cgroup: Cgroup | undefined): Cgroup | undefined {
    if (!cgroup) return undefined;
    cgroup.members++;
    if (cgroup.container) cgroup.container.members++;
    return cgroup;
  }

  leave(cgroup: Cgroup | undefined): void {
    if (!cgroup) return;
    if (--cgroup.members === 0 && this.#byKey.get(cgroup.key) === cgroup) this.#byKey.delete(cgroup.key);
    const { container } = cgroup;
    if (!container || --container.members > 0) return;
    this.#containers.delete(container.id);
    this.#onContainerEnd(container.id);
  }

  #read(pid: number, id: bigint): Cgroup | undefined {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    } catch {
      return undefined;
    }
    const parsed = parseCgroups(text, this.unified);
    if (!parsed) return undefined;
    const { version, hierarchy, path, manager, containerId } = parsed;
    const inode = attributesOf(`/sys/fs/cgroup/${hierarchy.replace(/^name=/, "")}${path}`)?.inode;
    // The process may have moved on since its record; then the cgroup of the record is not known.
    if (this.unified && id !== 0n && inode !== undefined && inode !== id) return undefined;
    const key = this.unified && inode !== undefined ? String(inode) : `${hierarchy}:${path}`;
    const known = this.#byKey.get(key);
    if (known && known.path === path) return known;
    const container = containerId === "" ? undefined : this.#containerOf(containerId, manager);
    const cgroup: Cgroup = { key, path, version, manager, inode, container, members: 0 };
    this.#byKey.set(key, cgroup);
    return cgroup;
  }

  #containerOf(id: string, runtime: string | undefined): Container {
    const known = this.#containers.get(id);
    if (known) return known;
    // The first that joins says when.
    const container: Container = { id, runtime, createdNs: 2n ** 63n, members: 0 };
    this.#containers.set(id, container);
    return container;
  }
}
