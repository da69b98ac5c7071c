/**
 * Names of users and groups: from the host's own files, and for processes in a mount namespace of their own from
 * the files that they see, through /proc/PID/root. Ids are the initial user namespace's and are translated.
 *
 * Invariant: a name is given only by the files of the right file system. An id that they do not list has the empty
 * name, unless nsswitch.conf names other databases (LDAP and the like): then it is not known. Files of a
 * container are foreign: they are opened without following links and without waiting, and their size is bounded.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { aliveStat, namespaceOf } from "./live.ts";
import { attempt, readHead } from "./proc.ts";
import type { Process } from "./process.ts";
import { attributesOf, type FileAttributes, S_IFDIR, S_IFMT } from "./statx.ts";

export type AccountKind = "user" | "group";

const FILES: Record<AccountKind, string> = { user: "passwd", group: "group" };
const FILE_BYTES_MAX = 4 << 20;
/** Mount namespaces whose names are kept. */
const ROOTS_MAX = 128;
/** Databases that hold what the files hold, or users that own no files. */
const LOCAL_DATABASES = new Set(["files", "compat", "systemd"]);

interface Names {
  readonly byId: ReadonlyMap<number, string>;
  /** No other database could name the rest. */
  readonly complete: boolean;
  /** Changes with the files. */
  readonly stamp: string;
}

/** From ids of the initial user namespace to those of another. */
type IdMap = readonly { readonly inside: number; readonly outside: number; readonly count: number }[];

/** A line for each account: name, password, id, … The first one of an id names it. */
export function parseAccounts(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (!name || id === undefined || !/^\d+$/.test(id)) continue;
    const number = Number(id);
    if (!names.has(number)) names.set(number, name);
  }
  return names;
}

/** @param nsswitch a database that it does not name, or an empty text, stands for the files alone */
export function isComplete(nsswitch: string, kind: AccountKind): boolean {
  const line = new RegExp(`^\\s*${FILES[kind]}:(.*)$`, "m").exec(nsswitch)?.[1];
  const databases = (line ?? "files").replace(/#.*|\[[^\]]*\]/g, "").split(/\s+/);
  return databases.every((name) => name === "" || LOCAL_DATABASES.has(name));
}

/** @param text of /proc/PID/uid_map as the initial user namespace sees it */
export function parseIdMap(text: string): IdMap {
  return text.split("\n").flatMap((line) => {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || outside === undefined || count === undefined ? [] : [{ inside, outside, count }];
  });
}

/** @returns undefined when the namespace has no such id */
export function mapId(map: IdMap, id: number): number | undefined {
  const range = map.find(({ outside, count }) => id >= outside && id < outside + count);
  return range && id - range.outside + range.inside;
}

/** @returns undefined when it is not a plain file, too large, or can't be read */
function readText(path: string, { followLink }: { followLink: boolean }): string | undefined {
  return attempt(() => {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
    const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (followLink ? 0 : O_NOFOLLOW));
    try {
      const stat = fstatSync(file);
      if (!stat.isFile() || stat.size > FILE_BYTES_MAX) return undefined;
      const bytes = Buffer.alloc(stat.size);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString("utf8");
    } finally {
      closeSync(file);
    }
  });
}

export class Accounts {
  /** The host's view, which is the agent's own where that of init may not be looked at. */
  readonly #host = namespaceOf(1, "mnt") === undefined ? "self" : 1;
  readonly #hostMountNs = namespaceOf(this.#host, "mnt");
  /** Without the detour through /proc, where it is the agent's own as well. */
  readonly #hostRoot = this.#hostMountNs === namespaceOf("self", "mnt") ? "" : `/proc/${this.#host}/root`;
  readonly #hostUserNs = namespaceOf(this.#host, "user");
  /** By mount namespace and kind, used longest ago first. */
  readonly #names = new Map<string, Names>();
  readonly #maps = new Map<string, IdMap>();

  /**
   * @param process whose view of the file system counts
   * @param id in the initial user namespace
   * @returns empty for an id without a name; undefined when it is not known
   */
  nameOf(kind: AccountKind, id: number, process: Process): string | undefined {
    const mountNs = process.ids?.mountNs ?? namespaceOf(process.tgid, "mnt");
    if (mountNs === undefined) return undefined;
    if (mountNs === this.#hostMountNs) {
      const names = this.#namesOf(kind, mountNs, this.#hostRoot, () => true);
      return look(names, id);
    }
    const isAlive = (): boolean => aliveStat(process) !== undefined;
    const names = this.#namesOf(kind, mountNs, `/proc/${process.tgid}/root`, isAlive);
    const inside = names && this.#inside(kind, id, mountNs, process.tgid, isAlive);
    return inside === undefined ? undefined : look(names, inside);
  }

  #namesOf(kind: AccountKind, mountNs: number, root: string, isAlive: () => boolean): Names | undefined {
    const at = `${mountNs} ${kind}`;
    const known = this.#names.get(at);
    const fresh = this.#read(kind, root, known);
    // Of a process that is gone: what was known last.
    if (!fresh || !isAlive()) return known;
    this.#names.delete(at);
    this.#names.set(at, fresh);
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= 2 * ROOTS_MAX) break;
      this.#names.delete(oldest);
    }
    return fresh;
  }

  #read(kind: AccountKind, root: string, known: Names | undefined): Names | undefined {
    if (!attributesOf(`${root}/`)) return undefined;
    // Some distributions link nsswitch.conf. A link of a container would lead out of it.
    const links = { followLink: root === this.#hostRoot };
    const folder = `${root}/etc`;
    const etc = attributesOf(folder, links);
    if (etc && (etc.mode & S_IFMT) !== S_IFDIR) return undefined;
    const paths = { accounts: `${folder}/${FILES[kind]}`, nsswitch: `${folder}/nsswitch.conf` };
    const file = etc && attributesOf(paths.accounts, links);
    const nsswitch = etc && attributesOf(paths.nsswitch, links);
    const stamp = [file, nsswitch].map(stampOf).join(" / ");
    if (known?.stamp === stamp) return known;
    const text = file ? readText(paths.accounts, links) : "";
    if (text === undefined) return undefined;
    const databases = nsswitch ? readText(paths.nsswitch, links) : "";
    return { byId: parseAccounts(text), complete: databases !== undefined && isComplete(databases, kind), stamp };
  }

  #inside(kind: AccountKind, id: number, mountNs: number, pid: number, isAlive: () => boolean): number | undefined {
    const at = `${mountNs} ${kind}`;
    if (isAlive()) {
      const userNs = namespaceOf(pid, "user");
      const own =
        userNs === this.#hostUserNs ? undefined : readHead(`/proc/${pid}/${kind === "user" ? "u" : "g"}id_map`, 8192);
      if (userNs !== undefined && isAlive()) {
        const everything = [{ inside: 0, outside: 0, count: 2 ** 32 }];
        this.#maps.delete(at);
        this.#maps.set(at, own ? parseIdMap(own.bytes.toString("utf8")) : everything);
        for (const oldest of this.#maps.keys()) {
          if (this.#maps.size <= 2 * ROOTS_MAX) break;
          this.#maps.delete(oldest);
        }
      }
    }
    const map = this.#maps.get(at);
    // Ids without a place in the namespace show there as nobody's, whose name says nothing.
    return map && mapId(map, id);
  }
}

function stampOf(file: FileAttributes | undefined): string {
  return file ? `${file.inode} ${file.modifiedNs} ${file.changedNs} ${file.sizeBytes}` : "none";
}

function look(names: Names | undefined, id: number): string | undefined {
  return names?.byId.get(id) ?? (names?.complete ? "" : undefined);
}
