/**
 * Authoring of one tenant's TUF repository: each function makes the next metadata document out of given
 * values and signers. No clock, no storage, no key material in here.
 *
 * The repository has consistent snapshots: every document but timestamp.json has its version in its name,
 * every target its digest. So all of a release can be written beside the current one, and replacing
 * timestamp.json alone makes it visible.
 *
 * The tenant's name is part of the signed root: metadata of one tenant can't be served as another's even
 * where both trust the same keys.
 */
import { canonicalize } from "@tufjs/canonical-json";
import { type Key, Metadata, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
import { sha256 } from "./canonical.ts";
import { RollbackError, WrongTenantError } from "./errors.ts";
import type { Signer } from "./keys.ts";
import { type Body, checkSignatures, matchMeta, parseMetadata } from "./metadata.ts";

export const ROLES = ["root", "targets", "snapshot", "timestamp"] as const;
export type RoleName = (typeof ROLES)[number];

/** TUF specification that the documents follow. */
const SPEC_VERSION = "1.0.34";
/** Member of the signed root that names the tenant. */
export const TENANT_MEMBER = "x-weir-tenant";

/** How long each document is valid, in milliseconds from its signing. */
export type Lifetimes = Readonly<Record<RoleName, number>>;

const HOUR_MS = 3_600_000;
/**
 * The timestamp's life bounds how long a host can be kept from news unnoticed; the offline roles live long
 * because a person has to renew them.
 */
export const DEFAULT_LIFETIMES: Lifetimes = {
  root: 365 * 24 * HOUR_MS,
  targets: 90 * 24 * HOUR_MS,
  snapshot: 24 * HOUR_MS,
  timestamp: HOUR_MS,
};

/** One signed document as it is stored. */
export interface Document {
  readonly role: RoleName;
  readonly version: number;
  /** End of validity, ISO 8601. */
  readonly expires: string;
  /** Name in the repository's metadata folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What every document needs besides its content. */
export interface SigningContext {
  /** The version to give; the caller allocates it by creating the document's name. */
  readonly version: number;
  readonly now: Date;
  readonly lifetimeMs: number;
  readonly signers: readonly Signer[];
}

export interface RoleKeys {
  readonly keys: readonly Key[];
  readonly threshold: number;
}

/** @returns name of a document in the metadata folder */
export function documentName(role: RoleName, version: number): string {
  return role === "timestamp" ? "timestamp.json" : `${version}.${role}.json`;
}

/** @returns name of a target in the targets folder, as TUF clients ask for it with consistent snapshots */
export function targetName(path: string, digest: string): string {
  return `${digest}.${path}`;
}

/**
 * Makes a root. From version 2 on, `signers` must hold enough keys of the previous root as well.
 * @throws TypeError for a threshold that the keys can't meet
 */
export async function signRoot(
  content: { readonly tenant: string; readonly roles: Readonly<Record<RoleName, RoleKeys>> },
  context: SigningContext,
): Promise<Document> {
  const root = new Root({
    ...signedFields(context),
    consistentSnapshot: true,
    unrecognizedFields: { [TENANT_MEMBER]: content.tenant },
  });
  for (const role of ROLES) {
    const { keys, threshold } = content.roles[role];
    const distinct = new Set(keys.map((key) => key.keyID)).size;
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > distinct)
      throw new TypeError(`role ${role}: threshold ${threshold} with ${distinct} distinct keys`);
    for (const key of keys) root.addKey(key, role);
    // addKey keeps the default threshold of 1.
    const named = root.roles[role] as { threshold: number };
    named.threshold = threshold;
  }
  return seal("root", new Metadata(root), context);
}

/** What the targets document says about one file. */
export interface TargetContent {
  readonly length: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Covered by the signature, not interpreted by TUF. */
  readonly custom?: { readonly [name: string]: string | number | boolean };
}

export function targetContent(bytes: Uint8Array, custom?: TargetContent["custom"]): TargetContent {
  return { length: bytes.length, sha256: sha256(bytes), ...(custom === undefined ? {} : { custom }) };
}

/** Names exactly these files, none of the previous release. */
export function signTargets(
  files: Readonly<Record<string, TargetContent>>,
  context: SigningContext,
): Promise<Document> {
  const targets = new Targets(signedFields(context));
  for (const [path, { length, sha256: digest, custom }] of Object.entries(files)) {
    const unrecognizedFields = custom === undefined ? {} : { custom: { ...custom } };
    targets.addTarget(new TargetFile({ path, length, hashes: { sha256: digest }, unrecognizedFields }));
  }
  return seal("targets", new Metadata(targets), context);
}

/** The same files with a later end of validity. */
export function renewTargets(release: Release, context: SigningContext): Promise<Document> {
  const targets = new Targets({ ...signedFields(context), targets: { ...release.targets } });
  return seal("targets", new Metadata(targets), context);
}

/** The same keys and thresholds with a later end of validity. */
export function renewRoot(root: Metadata<Root>, context: SigningContext): Promise<Document> {
  const { keys, roles, consistentSnapshot, unrecognizedFields } = root.signed;
  const next = new Root({ ...signedFields(context), keys, roles, consistentSnapshot, unrecognizedFields });
  return seal("root", new Metadata(next), context);
}

export function signSnapshot(targets: Document, context: SigningContext): Promise<Document> {
  const snapshot = new Snapshot({ ...signedFields(context), meta: { "targets.json": describe(targets) } });
  return seal("snapshot", new Metadata(snapshot), context);
}

export function signTimestamp(snapshot: Document, context: SigningContext): Promise<Document> {
  const timestamp = new Timestamp({ ...signedFields(context), snapshotMeta: describe(snapshot) });
  return seal("timestamp", new Metadata(timestamp), context);
}

function describe({ version, bytes }: Document): MetaFile {
  return new MetaFile({ version, length: bytes.length, hashes: { sha256: sha256(bytes) } });
}

function signedFields({ version, now, lifetimeMs }: SigningContext) {
  // Whole seconds: the specification's date format has no fractions.
  const expires = new Date(now.getTime() + lifetimeMs).toISOString().replace(/\.\d+Z$/, "Z");
  return { version, specVersion: SPEC_VERSION, expires };
}

/** `Metadata.sign` is synchronous, so the signatures of asynchronous signers are put in place by hand. */
async function seal(role: RoleName, metadata: Metadata<Body>, context: SigningContext): Promise<Document> {
  const { signed } = metadata;
  const bytes = Buffer.from(canonicalize(signed.toJSON()));
  for (const signer of context.signers) {
    const signature = Buffer.from(await signer.sign(bytes)).toString("hex");
    metadata.signatures[signer.key.keyID] = new Signature({ keyID: signer.key.keyID, sig: signature });
  }
  const text = `${JSON.stringify(metadata.toJSON(), null, 1)}\n`;
  return {
    role,
    version: signed.version,
    expires: signed.expires,
    name: documentName(role, signed.version),
    bytes: new TextEncoder().encode(text),
  };
}

/** The four documents of one release as they came out of storage. */
export interface ReleaseBytes {
  readonly root: Uint8Array;
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
}

/** A verified release: every signature and reference checked, expiry reported, not judged. */
export interface Release {
  readonly tenant: string;
  readonly root: Metadata<Root>;
  readonly documents: Readonly<Record<RoleName, Document>>;
  readonly targets: Readonly<Record<string, TargetFile>>;
}

/** @returns the tenant that a root speaks for, empty where it names none */
export function tenantOf(root: Metadata<Root>): string {
  const tenant = root.signed.unrecognizedFields[TENANT_MEMBER];
  return typeof tenant === "string" ? tenant : "";
}

/**
 * Reads a root and checks that it is signed by its own keys.
 * @throws MalformedError, SignatureError, WrongTenantError
 */
export function openRoot(bytes: Uint8Array, tenant?: string): Metadata<Root> {
  const root = parseMetadata("root", bytes);
  checkSignatures(root, root);
  const received = tenantOf(root);
  if (tenant !== undefined && received !== tenant)
    throw new WrongTenantError({ what: "root", expected: tenant, received });
  return root;
}

/**
 * Verifies a whole release against its root without any network: the publisher before building on it, the
 * agent when it starts from what it has. Expiry is not judged.
 * @throws MalformedError, SignatureError, MismatchError, RollbackError (versions that don't fit)
 */
export function openRelease(bytes: ReleaseBytes, tenant?: string): Release {
  const root = openRoot(bytes.root, tenant);

  // Arbitrary software: each document is signed by enough of the keys that the root names for its role.
  const timestamp = parseMetadata("timestamp", bytes.timestamp);
  checkSignatures(root, timestamp);
  const snapshot = parseMetadata("snapshot", bytes.snapshot);
  checkSignatures(root, snapshot);
  const targets = parseMetadata("targets", bytes.targets);
  checkSignatures(root, targets);

  // Mix-and-match: each document is the very one that the document above it names.
  matchMeta("snapshot.json", timestamp.signed.snapshotMeta, bytes.snapshot);
  if (snapshot.signed.version !== timestamp.signed.snapshotMeta.version)
    throw new RollbackError(
      `snapshot has version ${snapshot.signed.version}, timestamp names ${timestamp.signed.snapshotMeta.version}`,
    );
  const targetsMeta = snapshot.signed.meta["targets.json"];
  if (targetsMeta === undefined) throw new RollbackError("snapshot names no targets.json");
  matchMeta("targets.json", targetsMeta, bytes.targets);
  if (targets.signed.version !== targetsMeta.version)
    throw new RollbackError(`targets has version ${targets.signed.version}, snapshot names ${targetsMeta.version}`);

  const document = (role: RoleName, metadata: Metadata<Body>): Document => ({
    role,
    version: metadata.signed.version,
    expires: metadata.signed.expires,
    name: documentName(role, metadata.signed.version),
    bytes: bytes[role],
  });
  return {
    tenant: tenantOf(root),
    root,
    documents: {
      root: document("root", root),
      timestamp: document("timestamp", timestamp),
      snapshot: document("snapshot", snapshot),
      targets: document("targets", targets),
    },
    targets: targets.signed.targets,
  };
}
