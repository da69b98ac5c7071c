/**
 * The agent's trust state on disk. Every file is replaced as a whole: written beside, fsynced, renamed, the
 * folder fsynced. A kill at any point leaves each file old or new, and each combination is a valid state.
 *
 *   metadata/{root,timestamp,snapshot,targets}.json   newest verified metadata: the memory against rollback
 *   blobs/<sha256>                                    verified target files
 *   last-good.json                                    the metadata set of the last bundle that was opened,
 *                                                     written after its blobs
 *   tmp/                                              working copies; emptied at start
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { bytesEqual, canonicalBytes, sha256 } from "./canonical.ts";
import { LocalStateError } from "./errors.ts";
import { type ReleaseBytes, ROLES, type RoleName } from "./repository.ts";

const lastGoodModel = z.strictObject({
  format: z.literal("weir-last-good/1"),
  metadata: z.strictObject({ root: z.string(), timestamp: z.string(), snapshot: z.string(), targets: z.string() }),
});
const DIGEST = /^[0-9a-f]{64}$/;

export class StateDir {
  readonly #path: string;
  #prepared: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Creates the folders and removes what an earlier process left half-done. Idempotent. */
  prepare(): Promise<void> {
    this.#prepared ??= this.#guard(this.#path, async () => {
      await rm(join(this.#path, "tmp"), { recursive: true, force: true });
      for (const folder of ["metadata", "blobs", "tmp"])
        await mkdir(join(this.#path, folder), { recursive: true, mode: 0o700 });
    }).catch((error) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  readMetadata(role: RoleName): Promise<Uint8Array | undefined> {
    return this.#read(join(this.#path, "metadata", `${role}.json`));
  }

  /** @returns path of a folder with copies of the trusted metadata, for tuf-js to work in */
  async checkOut(): Promise<string> {
    const folder = join(this.#path, "tmp", randomUUID());
    await this.#guard(folder, async () => {
      await mkdir(folder, { mode: 0o700 });
      for (const role of ROLES)
        await copyFile(
          join(this.#path, "metadata", `${role}.json`),
          join(folder, `${role}.json`),
          constants.COPYFILE_FICLONE,
        ).catch(ignoreMissing);
    });
    return folder;
  }

  /**
   * Takes over what tuf-js has verified and written in a checked-out folder. In the order of the workflow,
   * root first: each prefix of it is a state that a client stopped midway would have, too.
   */
  async checkIn(folder: string): Promise<void> {
    for (const role of ROLES_IN_WORKFLOW) {
      const bytes = await this.#read(join(folder, `${role}.json`));
      if (bytes === undefined) continue;
      const before = await this.readMetadata(role);
      if (before === undefined || !bytesEqual(before, bytes))
        await this.#replace(join(this.#path, "metadata"), `${role}.json`, bytes);
    }
  }

  async discard(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  /** @returns the file, only if it has this digest */
  async readBlob(digest: string): Promise<Uint8Array | undefined> {
    if (!DIGEST.test(digest)) return undefined;
    const bytes = await this.#read(join(this.#path, "blobs", digest));
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
  }

  async writeBlob(digest: string, bytes: Uint8Array): Promise<void> {
    await this.#replace(join(this.#path, "blobs"), digest, bytes);
  }

  /** Call after all blobs of the release are written. Drops blobs that neither it nor `keep` names. */
  async writeLastGood(metadata: ReleaseBytes, keep: ReadonlySet<string>): Promise<void> {
    const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const { root, timestamp, snapshot, targets } = metadata;
    const content = canonicalBytes({
      format: "weir-last-good/1",
      metadata: { root: text(root), timestamp: text(timestamp), snapshot: text(snapshot), targets: text(targets) },
    });
    await this.#replace(this.#path, "last-good.json", content);
    await this.#guard(join(this.#path, "blobs"), async () => {
      for (const name of await readdir(join(this.#path, "blobs")))
        if (!keep.has(name)) await rm(join(this.#path, "blobs", name), { force: true });
    });
  }

  /** @returns undefined where there is none; LocalStateError where it can't be read as one */
  async readLastGood(): Promise<ReleaseBytes | undefined> {
    const path = join(this.#path, "last-good.json");
    const bytes = await this.#read(path);
    if (bytes === undefined) return undefined;
    try {
      const { metadata } = lastGoodModel.parse(JSON.parse(new TextDecoder().decode(bytes)));
      const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
      return {
        root: encode(metadata.root),
        timestamp: encode(metadata.timestamp),
        snapshot: encode(metadata.snapshot),
        targets: encode(metadata.targets),
      };
    } catch (error) {
      throw new LocalStateError(path, `damaged: ${(error as Error).message.slice(0, 300)}`, error);
    }
  }

  #read(path: string): Promise<Uint8Array | undefined> {
    return this.#guard(path, () => readFile(path).catch(ignoreMissing));
  }

  async #replace(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    await this.#guard(join(folder, name), async () => {
      const temporary = join(this.#path, "tmp", randomUUID());
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(folder, name));
      const directory = await open(folder, "r");
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    });
  }

  async #guard<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LocalStateError) throw error;
      throw new LocalStateError(path, (error as Error).message, error);
    }
  }
}

const ROLES_IN_WORKFLOW = ["root", "timestamp", "snapshot", "targets"] as const;

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
