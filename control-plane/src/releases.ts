/**
 * One tenant's TUF repository in the object store.
 *
 *   tenants/<tenant>.json                     that the tenant exists; created before its first release
 *   t/<tenant>/metadata/<n>.root.json         created once; consecutive
 *   t/<tenant>/metadata/<n>.targets.json      created once; a crash may leave gaps and orphans
 *   t/<tenant>/metadata/<n>.snapshot.json     created once; likewise
 *   t/<tenant>/metadata/timestamp.json        the one object that is swapped
 *   t/<tenant>/targets/<sha256>.<file>        created once
 *
 * Invariant: everything that timestamp.json leads to was written before it. Its swap makes a release visible
 * as a whole; of two publishers that started from the same release one swaps, the other reports a conflict.
 */
import {
  BUNDLE_FILES,
  type Bundle,
  bytesEqual,
  canonicalBytes,
  type Document,
  documentName,
  type Lifetimes,
  type Manifest,
  openManifest,
  openRelease,
  openRoot,
  type Release,
  type ReleaseBytes,
  ROLES,
  type RoleName,
  renewRoot,
  renewTargets,
  type Signer,
  type SigningContext,
  sha256,
  signRoot,
  signSnapshot,
  signTargets,
  signTimestamp,
  targetContent,
  targetName,
} from "@weir/trust";
import type { KeyRing, TenantSigners } from "./keys.ts";
import { metadataKey, targetKey, tenantKey } from "./layout.ts";
import { AlreadyExists, Conflict, type ObjectStore } from "./store/store.ts";

/** A publisher gives up after losing so often to mere re-signing. */
const SWAP_ATTEMPTS = 8;
/** Orphans that a version search steps over. */
const VERSION_GAP_MAX = 1000;
/** Documents are renewed when less than this share of their life is left. */
const RENEW_SHARE = 0.5;

/** The current release as the store holds it, verified. */
export interface CurrentRelease {
  readonly digest: string;
  /** Version of the targets document: counts the tenant's releases, with gaps. */
  readonly version: number;
  /** When it was published, ISO 8601. */
  readonly published: string;
  readonly release: Release;
  /** Store's version of timestamp.json. */
  readonly swapVersion: string;
}

/** Another publisher's release came first. */
export class ReleaseConflict extends Error {
  readonly tenant: string;
  readonly winner: string;

  constructor(tenant: string, winner: CurrentRelease) {
    super(`tenant ${tenant}: release ${winner.version} (${winner.digest}) was published at the same time`);
    this.name = "ReleaseConflict";
    this.tenant = tenant;
    this.winner = winner.digest;
  }
}

/** This server can't sign what the tenant's root asks for, or what is stored is not what it signed. */
export class RepositoryError extends Error {
  readonly tenant: string;

  constructor(tenant: string, message: string, cause?: unknown) {
    super(`tenant ${tenant}: ${message}`, { cause });
    this.name = "RepositoryError";
    this.tenant = tenant;
  }
}

export interface RepositoryOptions {
  readonly store: ObjectStore;
  readonly keys: KeyRing;
  readonly lifetimes: Lifetimes;
  readonly now: () => Date;
}

export class TenantRepository {
  readonly tenant: string;
  readonly #options: RepositoryOptions;

  constructor(tenant: string, options: RepositoryOptions) {
    this.tenant = tenant;
    this.#options = options;
  }

  /** @returns the newest root, or undefined where the tenant does not exist */
  async root(): Promise<Document | undefined> {
    const newest = async (version: number, found: Uint8Array | undefined): Promise<Document | undefined> => {
      const next = await this.#get(documentName("root", version));
      if (next !== undefined) return newest(version + 1, next.body);
      if (found === undefined) return undefined;
      const root = openRoot(found, this.tenant);
      return {
        role: "root",
        version: root.signed.version,
        expires: root.signed.expires,
        name: documentName("root", root.signed.version),
        bytes: found,
      };
    };
    return newest(1, undefined);
  }

  /**
   * @returns undefined before the first release
   * @throws RepositoryError where the store holds something that was not signed for this tenant
   */
  async current(): Promise<CurrentRelease | undefined> {
    // The root is read after the timestamp: it can only be newer, never too old for it.
    const timestamp = await this.#get("timestamp.json");
    if (timestamp === undefined) return undefined;
    const root = await this.root();
    if (root === undefined) throw this.#damaged("the store has a timestamp but no root");
    const snapshot = await this.#referenced("snapshot", timestamp.body, "snapshot.json");
    const targets = await this.#referenced("targets", snapshot, "targets.json");
    const release = this.#verify({ root: root.bytes, timestamp: timestamp.body, snapshot, targets });
    return describe(release, timestamp.version);
  }

  /** @returns the manifest of a release */
  async manifest(current: CurrentRelease): Promise<Manifest> {
    const key = targetKey(this.tenant, targetName("manifest.json", current.digest));
    const object = await this.#options.store.get(key);
    if (object === undefined || sha256(object.body) !== current.digest)
      throw this.#damaged(`${key} is missing or damaged`);
    return openManifest(object.body);
  }

  /**
   * Makes the bundle the tenant's release. Publishing what is current changes nothing.
   * @throws ReleaseConflict, RepositoryError, StoreError
   */
  async publish(bundle: Bundle): Promise<CurrentRelease & { readonly changed: boolean }> {
    if (bundle.manifest.tenant !== this.tenant)
      throw new RepositoryError(this.tenant, `the bundle is for tenant ${bundle.manifest.tenant}`);
    const before = await this.current();
    if (before?.digest === bundle.digest) return { ...before, changed: false };
    const root = (await this.root()) ?? (await this.#found());
    // Before the release: a tenant with a release that nobody knows of would never be renewed.
    if (before === undefined) await this.#register();
    const signers = await this.#options.keys.signers(this.tenant, false);

    await this.#putTargets(bundle);
    const now = this.#options.now();
    const contents = Object.fromEntries(
      BUNDLE_FILES.map((name) => {
        const custom = name === "manifest.json" ? { published: now.toISOString() } : undefined;
        return [name, targetContent(bundle.files[name], custom)];
      }),
    );
    const targets = await this.#allocate("targets", {
      after: before?.version ?? 0,
      sign: (version) => signTargets(contents, this.#context("targets", signers, { version, now })),
    });

    let current = before;
    for (let attempt = 0; attempt < SWAP_ATTEMPTS; attempt++) {
      const released = await this.#release({ root, targets, current, signers, now });
      if (released !== undefined) return { ...released, changed: true };
      current = await this.current();
      // Lost to another release: whoever publishes must look at it first. Lost to re-signing: go on.
      if (current !== undefined && current.version !== (before?.version ?? 0))
        throw new ReleaseConflict(this.tenant, current);
    }
    throw new RepositoryError(this.tenant, `the timestamp was replaced ${SWAP_ATTEMPTS} times meanwhile`);
  }

  /**
   * Signs anew what would expire soon; does nothing when all is fresh. Safe to run on many replicas.
   * @returns the roles that were renewed, and those that are due but whose key is kept elsewhere
   * @throws RepositoryError where an online key (snapshot, timestamp) is due and not here
   */
  async renew(): Promise<{ renewed: RoleName[]; offline: RoleName[] }> {
    const current = await this.current();
    if (current === undefined) return { renewed: [], offline: [] };
    const now = this.#options.now();
    const { documents } = current.release;
    const due = ROLES.filter((role) => {
      const left = new Date(documents[role].expires).getTime() - now.getTime();
      return left < this.#options.lifetimes[role] * RENEW_SHARE;
    });
    if (due.length === 0) return { renewed: [], offline: [] };
    const signers = await this.#options.keys.signers(this.tenant, false);
    const offline = due.filter((role) => (role === "root" || role === "targets") && signers[role] === undefined);
    const renewed: RoleName[] = [];

    let { root, targets } = documents;
    if (due.includes("root") && !offline.includes("root")) {
      const version = root.version + 1;
      root = await renewRoot(current.release.root, this.#context("root", signers, { version, now }));
      await this.#create(root).catch(ignoreTaken);
      renewed.push("root");
    }
    if (due.includes("targets") && !offline.includes("targets")) {
      targets = await this.#allocate("targets", {
        after: current.version,
        sign: (version) => renewTargets(current.release, this.#context("targets", signers, { version, now })),
      });
      renewed.push("targets");
    }
    const newSnapshot = due.includes("snapshot") || renewed.includes("targets");
    if (newSnapshot || due.includes("timestamp")) {
      const kept = newSnapshot ? {} : { snapshot: documents.snapshot };
      const released = await this.#release({ root, targets, current, signers, now, ...kept });
      // A lost race means that somebody else has just renewed or released.
      if (released === undefined) return { renewed: renewed.filter((role) => role === "root"), offline };
      renewed.push(...(newSnapshot ? (["snapshot", "timestamp"] as const) : (["timestamp"] as const)));
    }
    return { renewed, offline };
  }

  /**
   * Writes the snapshot (unless one is given) and swaps the timestamp.
   * @returns undefined where the swap was lost
   */
  async #release(input: {
    root: Document;
    targets: Document;
    snapshot?: Document;
    current: CurrentRelease | undefined;
    signers: TenantSigners;
    now: Date;
  }): Promise<CurrentRelease | undefined> {
    const { root, targets, current, signers, now } = input;
    const documents = current?.release.documents;
    const snapshot =
      input.snapshot ??
      (await this.#allocate("snapshot", {
        after: documents?.snapshot.version ?? 0,
        sign: (version) => signSnapshot(targets, this.#context("snapshot", signers, { version, now })),
      }));
    const version = (documents?.timestamp.version ?? 0) + 1;
    const timestamp = await signTimestamp(snapshot, this.#context("timestamp", signers, { version, now }));
    // What an agent would refuse (keys that the root doesn't name) must not become visible.
    const release = this.#verify({
      root: root.bytes,
      timestamp: timestamp.bytes,
      snapshot: snapshot.bytes,
      targets: targets.bytes,
    });
    const key = metadataKey(this.tenant, timestamp.name);
    try {
      const swapVersion =
        current === undefined
          ? await this.#options.store.create(key, timestamp.bytes)
          : await this.#options.store.swap(key, timestamp.bytes, current.swapVersion);
      return describe(release, swapVersion);
    } catch (error) {
      if (error instanceof Conflict || error instanceof AlreadyExists) return undefined;
      throw error;
    }
  }

  /** Makes the tenant's first root; of several servers that do so at once, one root stays. */
  async #found(): Promise<Document> {
    const signers = await this.#options.keys.signers(this.tenant, true);
    const keys = (role: RoleName) => ({ keys: [this.#signer(role, signers).key], threshold: 1 });
    const roles = {
      root: keys("root"),
      targets: keys("targets"),
      snapshot: keys("snapshot"),
      timestamp: keys("timestamp"),
    };
    const context = this.#context("root", signers, { version: 1, now: this.#options.now() });
    await this.#create(await signRoot({ tenant: this.tenant, roles }, context)).catch(ignoreTaken);
    const root = await this.root();
    if (root === undefined) throw this.#damaged("the root just made is gone");
    return root;
  }

  async #register(): Promise<void> {
    const created = this.#options.now().toISOString();
    const record = canonicalBytes({ format: "weir-tenant/1", name: this.tenant, created });
    await this.#options.store.create(tenantKey(this.tenant), record).catch(ignoreTaken);
  }

  #verify(bytes: ReleaseBytes): Release {
    try {
      return openRelease(bytes, this.tenant);
    } catch (error) {
      throw this.#damaged(
        `its documents don't verify against its root (keys of another server, or a damaged store): ${(error as Error).message}`,
        error,
      );
    }
  }

  async #putTargets(bundle: Bundle): Promise<void> {
    for (const name of BUNDLE_FILES) {
      const bytes = bundle.files[name];
      const key = targetKey(this.tenant, targetName(name, sha256(bytes)));
      try {
        await this.#options.store.create(key, bytes);
      } catch (error) {
        if (!(error instanceof AlreadyExists)) throw error;
        // The name says what must be in it; a damaged one must not become part of a release.
        const stored = await this.#options.store.get(key);
        if (stored === undefined || !bytesEqual(stored.body, bytes)) throw this.#damaged(`${key} is damaged`);
      }
    }
  }

  /** Creates the document under the first free version after the given one. */
  async #allocate(
    role: "targets" | "snapshot",
    { after, sign }: { after: number; sign: (version: number) => Promise<Document> },
  ): Promise<Document> {
    for (let version = after + 1; version <= after + VERSION_GAP_MAX; version++) {
      const document = await sign(version);
      try {
        await this.#create(document);
        return document;
      } catch (error) {
        if (!(error instanceof AlreadyExists)) throw error;
      }
    }
    throw this.#damaged(`no free ${role} version within ${VERSION_GAP_MAX} after ${after}`);
  }

  async #create(document: Document): Promise<void> {
    await this.#options.store.create(metadataKey(this.tenant, document.name), document.bytes);
  }

  #get(name: string) {
    return this.#options.store.get(metadataKey(this.tenant, name));
  }

  /** The document that `above` names; its content is checked by `openRelease`. */
  async #referenced(role: "snapshot" | "targets", above: Uint8Array, meta: string): Promise<Uint8Array> {
    let version: unknown;
    try {
      version = JSON.parse(new TextDecoder().decode(above))?.signed?.meta?.[meta]?.version;
    } catch {
      version = undefined;
    }
    if (typeof version !== "number" || !Number.isSafeInteger(version)) throw this.#damaged(`no version of ${role}`);
    const found = await this.#get(documentName(role, version));
    if (found === undefined) throw this.#damaged(`${documentName(role, version)} is missing`);
    return found.body;
  }

  #context(role: RoleName, signers: TenantSigners, at: { version: number; now: Date }): SigningContext {
    return { ...at, lifetimeMs: this.#options.lifetimes[role], signers: [this.#signer(role, signers)] };
  }

  #signer(role: RoleName, signers: TenantSigners): Signer {
    const signer = signers[role];
    if (signer === undefined) throw new RepositoryError(this.tenant, `this server does not hold its ${role} key`);
    return signer;
  }

  #damaged(message: string, cause?: unknown): RepositoryError {
    return new RepositoryError(this.tenant, message, cause);
  }
}

function ignoreTaken(error: unknown): void {
  if (!(error instanceof AlreadyExists)) throw error;
}

function describe(release: Release, swapVersion: string): CurrentRelease {
  const manifest = release.targets["manifest.json"];
  const published = manifest?.custom["published"];
  return {
    digest: manifest?.hashes["sha256"] ?? "",
    version: release.documents.targets.version,
    published: typeof published === "string" ? published : "",
    release,
    swapVersion,
  };
}
