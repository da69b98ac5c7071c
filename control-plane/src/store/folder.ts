/**
 * Object store in a local folder: no locks, safe with several processes, safe against a kill at any point.
 *
 *   <root>/<key>/@<n>      body of version n, immutable; the highest n is the object
 *   <root>/<key>/@<n>      or, once superseded, a dangling symbolic link: the number stays taken
 *   <root>/.tmp/<uuid>     bodies being written
 *
 * A version is written beside, fsynced and put in place by `link()`, which fails where the name exists: of
 * the racers for a number one wins. Numbers must not become free again while a slow writer may still aim at
 * one, else its `link()` would succeed on an old number. Therefore a superseded body is replaced by a
 * symbolic link (no data, the name stays), and links are removed only after RESERVED_MS. A writer that took
 * longer than SLOW_MS between listing and linking (it was stopped) does not rely on the reservation: it looks
 * again, and where there is a higher version it takes its own away and reports that it lost.
 *
 * Needs a file system with hard links and fsync that means it; NFS and FUSE are the operator's risk, and the
 * probe at start refuses those without exclusive link().
 */
import { randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm, stat, symlink, unlink } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import {
  AlreadyExists,
  BODY_BYTES_MAX,
  Conflict,
  checkBody,
  checkKey,
  KEYS_MAX,
  type ObjectStore,
  type StoredObject,
  StoreError,
} from "./store.ts";

/** How long the number of a superseded version stays taken. */
const RESERVED_MS = 15 * 60_000;
/** How long a writer may take and still rely on the reservation; far below it, for the clocks differ. */
const SLOW_MS = 60_000;
/** What the links of superseded versions point to; no key can have this name. */
const SUPERSEDED = ".superseded";
/** Links of one object beyond which old ones are looked for. */
const SWEEP_AT = 64;
/** Reading is tried again when the version read is superseded meanwhile. */
const READ_ATTEMPTS = 100;

/** Where tests of slow writers take hold. */
export interface FolderHooks {
  /** Monotonic clock. */
  readonly elapsedMs: () => number;
  /** Runs between writing a body and putting it in place. */
  readonly beforeLink: () => Promise<void>;
}

interface Versions {
  /** 0: the object does not exist. */
  readonly highest: number;
  /** Superseded versions whose body is still there. */
  readonly bodies: readonly number[];
  readonly links: readonly number[];
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

export class FolderStore implements ObjectStore {
  readonly name: string;
  readonly #root: string;
  readonly #hooks: FolderHooks;

  private constructor(root: string, hooks: FolderHooks) {
    this.#root = root;
    this.name = root;
    this.#hooks = hooks;
  }

  /** @param path created where missing */
  static async open(path: string, hooks: Partial<FolderHooks> = {}): Promise<FolderStore> {
    const defaults = { elapsedMs: () => performance.now(), beforeLink: () => Promise.resolve() };
    const store = new FolderStore(resolve(path), { ...defaults, ...hooks });
    const temporary = join(store.#root, ".tmp");
    try {
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      for (const name of await readdir(temporary)) {
        const age = await lstat(join(temporary, name)).then(
          (found) => Date.now() - found.mtimeMs,
          () => 0,
        );
        if (age > RESERVED_MS) await rm(join(temporary, name), { force: true });
      }
    } catch (error) {
      throw new StoreError(`store folder ${store.#root}: ${(error as Error).message}`, error);
    }
    return store;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const folder = this.#folder(key);
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const { highest } = await this.#versions(folder);
      if (highest === 0) return undefined;
      try {
        return { body: await readBounded(join(folder, `@${highest}`)), version: String(highest) };
      } catch (error) {
        // Superseded between listing and opening: its name is now a link to nothing.
        if (codeOf(error) !== "ENOENT") throw error;
      }
    }
    throw new StoreError(`${key}: superseded ${READ_ATTEMPTS} times while being read`);
  }

  async create(key: string, body: Uint8Array): Promise<string> {
    const folder = this.#folder(key);
    checkBody(key, body);
    const started = this.#hooks.elapsedMs();
    if ((await this.#versions(folder)).highest > 0) throw new AlreadyExists(key);
    await this.#makeFolder(folder);
    if (!(await this.#put(folder, 1, body)) || (await this.#cameTooLate(folder, 1, started)))
      throw new AlreadyExists(key);
    return "1";
  }

  async swap(key: string, body: Uint8Array, expectedVersion: string): Promise<string> {
    const folder = this.#folder(key);
    checkBody(key, body);
    const started = this.#hooks.elapsedMs();
    const before = await this.#versions(folder);
    if (before.highest === 0 || String(before.highest) !== expectedVersion) throw new Conflict(key, expectedVersion);
    const next = before.highest + 1;
    if (!(await this.#put(folder, next, body)) || (await this.#cameTooLate(folder, next, started)))
      throw new Conflict(key, expectedVersion);
    await this.#collect(folder, { bodies: [...before.bodies, before.highest], links: before.links });
    return String(next);
  }

  async list(prefix: string): Promise<string[]> {
    if (prefix !== "") checkKey(prefix.replace(/\/$/, ""));
    const base = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const keys: string[] = [];
    const pending = [join(this.#root, base)];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const entries = await entriesOf(folder);
      const key = relative(this.#root, folder).split(sep).join("/");
      if (entries.some((entry) => entry.name.startsWith("@")) && key.startsWith(prefix)) keys.push(key);
      if (keys.length > KEYS_MAX) throw new StoreError(`more than ${KEYS_MAX} keys below ${JSON.stringify(prefix)}`);
      for (const entry of entries) {
        const path = join(folder, entry.name);
        const below = relative(this.#root, path).split(sep).join("/");
        const wanted = below.startsWith(prefix) || prefix.startsWith(`${below}/`);
        if (entry.isDirectory() && !entry.name.startsWith(".") && wanted) pending.push(path);
      }
    }
    return keys.sort();
  }

  #folder(key: string): string {
    checkKey(key);
    return join(this.#root, key);
  }

  /** Whether the version just put may sit on a number that was free again; then it is taken away. */
  async #cameTooLate(folder: string, version: number, started: number): Promise<boolean> {
    if (this.#hooks.elapsedMs() - started < SLOW_MS) return false;
    if ((await this.#versions(folder)).highest === version) return false;
    await unlink(join(folder, `@${version}`)).catch(ignoreMissing);
    return true;
  }

  async #versions(folder: string): Promise<Versions> {
    const bodies: number[] = [];
    const links: number[] = [];
    for (const entry of await entriesOf(folder)) {
      const number = /^@([1-9][0-9]{0,14})$/.exec(entry.name)?.[1];
      if (number !== undefined) (entry.isSymbolicLink() ? links : bodies).push(Number(number));
    }
    bodies.sort((a, b) => a - b);
    links.sort((a, b) => a - b);
    // The highest is a body, but a listing may miss what came during it; then the last link is as near.
    const highest = Math.max(bodies.at(-1) ?? 0, links.at(-1) ?? 0);
    return { highest, bodies: bodies.filter((version) => version < highest), links };
  }

  /** @returns false where the number is taken */
  async #put(folder: string, version: number, body: Uint8Array): Promise<boolean> {
    const temporary = join(this.#root, ".tmp", randomUUID());
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(body);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await this.#hooks.beforeLink();
      await link(temporary, join(folder, `@${version}`));
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(folder);
    return true;
  }

  /** Replaces superseded bodies by links, and removes links whose reservation has ended. */
  async #collect(folder: string, { bodies, links }: Omit<Versions, "highest">): Promise<void> {
    for (const version of bodies) {
      const temporary = join(this.#root, ".tmp", randomUUID());
      await symlink(SUPERSEDED, temporary);
      await rename(temporary, join(folder, `@${version}`));
    }
    if (links.length < SWEEP_AT) return;
    for (const version of links) {
      const path = join(folder, `@${version}`);
      const found = await lstat(path).catch(ignoreMissing);
      if (found === undefined || !found.isSymbolicLink()) continue;
      if (Date.now() - found.mtimeMs < RESERVED_MS) break;
      await unlink(path).catch(ignoreMissing);
    }
  }

  /** Creates the folder and makes its own entry and those of new parents durable. */
  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let path = folder; path.length >= first.length; path = dirname(path)) await syncFolder(dirname(path));
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > BODY_BYTES_MAX) throw new StoreError(`${path}: has ${size} bytes, expected at most ${BODY_BYTES_MAX}`);
  const file = await open(path, "r");
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
  return undefined;
}
