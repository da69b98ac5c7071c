/**
 * The agent's side of a tenant's repository: from two addresses and one pinned root to a verified bundle.
 *
 * `tuf-js` walks the TUF client workflow; this wrapper closes what it leaves open: it works in a copy of the
 * metadata that is taken over atomically, falls back to the pinned root when the local one is damaged, makes
 * key ids follow from keys, bounds size and time of each download, and gives each refusal a class of its own.
 *
 * Invariant: a bundle is returned only if the newest trusted metadata names every byte of it. What fails
 * leaves the last good bundle in place, and never takes back what was learned against rollback.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TargetFile, Updater } from "tuf-js";
import { bytesEqual, sha256 } from "./canonical.ts";
import { classify } from "./classify.ts";
import {
  BundleError,
  ExpiredError,
  InadmissibleError,
  MismatchError,
  UnreachableError,
  WrongTenantError,
} from "./errors.ts";
import { BUNDLE_FILES, type Bundle, type BundleFiles, FILE_BYTES_MAX, openBundle } from "./manifest.ts";
import {
  openRelease,
  openRoot,
  type Release,
  type ReleaseBytes,
  ROLES,
  type RoleName,
  targetName,
} from "./repository.ts";
import { StateDir } from "./state.ts";
import { CycleFetcher, type Fetch, get } from "./transport.ts";

/** Most bytes of each metadata document, and most roots that one refresh follows. */
export const METADATA_LIMITS = {
  maxRootRotations: 256,
  maxDelegations: 1,
  rootMaxLength: 512_000,
  timestampMaxLength: 16_384,
  snapshotMaxLength: 65_536,
  targetsMaxLength: 1 << 20,
} as const;

export interface BundleClientOptions {
  readonly metadataUrl: string;
  readonly targetsUrl: string;
  /** Folder of this tenant alone, on a local file system. */
  readonly stateDir: string;
  /** Root metadata pinned at enrolment; any version of the tenant's chain. */
  readonly trustedRoot: Uint8Array;
  readonly fetcher?: Fetch;
  /**
   * Whether this host can run the bundle at all; called before it becomes the last good one. Throws to refuse,
   * and the bundle from before stays.
   */
  readonly admit?: (bundle: Bundle) => Promise<void>;
  /** Clock, for tests of expiry; tuf-js itself reads the system's. */
  readonly now?: () => Date;
}

export interface RefreshResult {
  /** Whether the bundle differs from the one returned before (at first: always). */
  readonly changed: boolean;
  readonly bundle: Bundle;
}

export interface ExpiredDocument {
  readonly role: RoleName;
  /** ISO 8601 */
  readonly expires: string;
}

/** A bundle from local state. Its metadata is verified, but may have expired meanwhile. */
export interface RestoredBundle extends Bundle {
  readonly expired: readonly ExpiredDocument[];
}

interface Current {
  readonly bundle: Bundle;
  readonly release: Release;
  /** Of timestamp.json; absent where the server sends none. */
  readonly etag: string | undefined;
}

export class BundleClient {
  readonly #options: BundleClientOptions;
  readonly #fetch: Fetch;
  readonly #state: StateDir;
  /** Tenant that the pinned root speaks for. */
  readonly tenant: string;
  #current: Current | undefined;
  /** Refreshes of one client run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws MalformedError, SignatureError for a trusted root that is none */
  constructor(options: BundleClientOptions) {
    this.#options = options;
    this.#fetch = options.fetcher ?? ((url, init) => fetch(url, init));
    this.#state = new StateDir(options.stateDir);
    const root = openRoot(options.trustedRoot);
    this.tenant = String(root.signed.unrecognizedFields["x-weir-tenant"] ?? "");
  }

  /**
   * Brings the bundle up to date. Without news it costs one conditional request.
   * @throws TrustError; the bundle of the last success stays valid
   */
  refresh(): Promise<RefreshResult> {
    const result = this.#turn.then(() => this.#refresh());
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #refresh(): Promise<RefreshResult> {
    await this.#state.prepare();
    const current = this.#current;
    if (current !== undefined && (await this.#timestampUnchanged(current))) {
      // Freeze: whoever holds back news may answer 304 for ever, so the dates are checked here too.
      const [expired] = this.#expiredDocuments(current.release);
      if (expired !== undefined) throw new ExpiredError(`${expired.role}: expired on ${expired.expires}`);
      return { changed: false, bundle: current.bundle };
    }
    const { release, etag } = await this.#update();
    const bundle = await this.#load(release);
    const changed = current?.bundle.digest !== bundle.digest;
    this.#current = { bundle, release, etag };
    return { changed, bundle };
  }

  /**
   * The bundle that was opened last, from local state alone: signatures, references and digests are verified
   * again, expiry is reported only.
   * @returns undefined where there is none yet
   * @throws TrustError where local state is damaged; a refresh repairs it
   */
  async lastKnownGood(): Promise<RestoredBundle | undefined> {
    await this.#state.prepare();
    const bytes = await this.#state.readLastGood();
    if (bytes === undefined) return undefined;
    const release = openRelease(bytes, this.tenant);
    const files = {} as Record<(typeof BUNDLE_FILES)[number], Uint8Array>;
    for (const name of BUNDLE_FILES) {
      const target = targetOf(release, name);
      const blob = await this.#state.readBlob(target.digest);
      if (blob === undefined) throw new MismatchError(`${name}: the local copy is missing or damaged`);
      files[name] = blob;
    }
    return { ...this.#open(files), expired: this.#expiredDocuments(release) };
  }

  async #timestampUnchanged({ etag }: Current): Promise<boolean> {
    if (etag === undefined) return false;
    const url = `${withSlash(this.#options.metadataUrl)}timestamp.json`;
    const { status } = await get(this.#fetch, url, { etag, bytesMax: METADATA_LIMITS.timestampMaxLength });
    if (status !== 200 && status !== 304) throw new UnreachableError({ url, status, reason: `answered ${status}` });
    // News is fetched again by the workflow, which must see the root first.
    return status === 304;
  }

  /** Runs the TUF client workflow and returns the release that it ended with. */
  async #update(): Promise<{ release: Release; etag: string | undefined }> {
    const folder = await this.#state.checkOut();
    try {
      await this.#placeRoot(folder);
      const fetcher = new CycleFetcher(this.#fetch);
      try {
        const updater = new Updater({
          metadataDir: folder,
          metadataBaseUrl: this.#options.metadataUrl,
          fetcher,
          config: METADATA_LIMITS,
        });
        await updater.refresh();
      } catch (error) {
        throw classify(error as Error, fetcher.failure);
      } finally {
        // Also after a failure: a verified timestamp is remembered even if its snapshot can't be had.
        await this.#state.checkIn(folder);
      }
      const release = openRelease(await this.#trustedSet(), this.tenant);
      const [expired] = this.#expiredDocuments(release);
      if (expired !== undefined) throw new ExpiredError(`${expired.role}: expired on ${expired.expires}`);
      return { release, etag: fetcher.timestampEtag };
    } finally {
      await this.#state.discard(folder);
    }
  }

  /** Puts the newest usable root where tuf-js looks for it: the local one, or the pinned one. */
  async #placeRoot(folder: string): Promise<void> {
    const pinned = openRoot(this.#options.trustedRoot);
    const local = await this.#state.readMetadata("root");
    if (local !== undefined) {
      try {
        if (openRoot(local, this.tenant).signed.version >= pinned.signed.version) return;
      } catch {
        // Damaged: the walk starts over from the pinned root; the other roles keep their memory.
      }
    }
    await writeFile(join(folder, "root.json"), this.#options.trustedRoot);
  }

  async #trustedSet(): Promise<ReleaseBytes> {
    const set = {} as Record<RoleName, Uint8Array>;
    for (const role of ROLES) {
      const bytes = await this.#state.readMetadata(role);
      if (bytes === undefined) throw new MismatchError(`${role}.json: missing after a successful update`);
      set[role] = bytes;
    }
    return set;
  }

  /** Fetches what is not here yet, checks the whole, and makes it the last good bundle. */
  async #load(release: Release): Promise<Bundle> {
    const files = {} as Record<(typeof BUNDLE_FILES)[number], Uint8Array>;
    const fresh: [digest: string, bytes: Uint8Array][] = [];
    const named = new Set<string>();
    for (const name of BUNDLE_FILES) {
      const { digest, length } = targetOf(release, name);
      named.add(digest);
      const local = await this.#state.readBlob(digest);
      const bytes = local ?? (await this.#download(name, { digest, length }));
      if (local === undefined) fresh.push([digest, bytes]);
      files[name] = bytes;
    }
    const bundle = this.#open(files);
    await this.#admit(bundle);
    for (const [digest, bytes] of fresh) await this.#state.writeBlob(digest, bytes);
    const bytes = {
      root: release.documents.root.bytes,
      timestamp: release.documents.timestamp.bytes,
      snapshot: release.documents.snapshot.bytes,
      targets: release.documents.targets.bytes,
    };
    const before = await this.#state.readLastGood().catch(() => undefined);
    if (before === undefined || !ROLES.every((role) => bytesEqual(before[role], bytes[role])))
      await this.#state.writeLastGood(bytes, named);
    return bundle;
  }

  async #admit(bundle: Bundle): Promise<void> {
    try {
      await this.#options.admit?.(bundle);
    } catch (error) {
      throw new InadmissibleError(bundle.digest, error);
    }
  }

  async #download(name: string, { digest, length }: { digest: string; length: number }): Promise<Uint8Array> {
    const url = `${withSlash(this.#options.targetsUrl)}${targetName(name, digest)}`;
    const { status, body } = await get(this.#fetch, url, { bytesMax: length });
    if (status !== 200) throw new UnreachableError({ url, status, reason: `answered ${status}` });
    if (body.length !== length)
      throw new MismatchError(`${url}: has ${body.length} bytes, the signed metadata says ${length}`);
    const received = sha256(body);
    if (received !== digest)
      throw new MismatchError(`${url}: has SHA-256 ${received}, the signed metadata says ${digest}`);
    return body;
  }

  #open(files: BundleFiles): Bundle {
    const bundle = openBundle(files);
    if (bundle.manifest.tenant !== this.tenant)
      throw new WrongTenantError({ what: "bundle", expected: this.tenant, received: bundle.manifest.tenant });
    return bundle;
  }

  #expiredDocuments(release: Release): ExpiredDocument[] {
    const now = this.#options.now?.() ?? new Date();
    return ROLES.map((role) => ({ role, expires: release.documents[role].expires })).filter(
      ({ expires }) => now >= new Date(expires),
    );
  }
}

/** @throws BundleError unless the release names the file with a SHA-256 and an acceptable length */
function targetOf(release: Release, name: (typeof BUNDLE_FILES)[number]): { digest: string; length: number } {
  const target: TargetFile | undefined = release.targets[name];
  if (target === undefined) throw new BundleError(name, "the release names no such file");
  const digest = target.hashes["sha256"];
  if (digest === undefined || !/^[0-9a-f]{64}$/.test(digest))
    throw new BundleError(name, "the release names no SHA-256 for it");
  if (!Number.isSafeInteger(target.length) || target.length > FILE_BYTES_MAX[name])
    throw new BundleError(name, `the release says ${target.length} bytes, expected at most ${FILE_BYTES_MAX[name]}`);
  return { digest, length: target.length };
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
