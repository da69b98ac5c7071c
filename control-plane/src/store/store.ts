/**
 * The object store: the control plane's only durable state. Two drivers, one meaning (`semantics.ts` holds
 * both to it): an object has a body and a version; it comes into being once, and is replaced only by a
 * writer who names the version it replaces.
 */

export interface StoredObject {
  readonly body: Uint8Array;
  /** Opaque. Valid for `swap` on the same key only. */
  readonly version: string;
}

/** How an ETag is sent in If-Match: RFC 9110 quotes it; Ceph's gateway (16.2) accepts it bare only. */
export type EtagStyle = "quoted" | "bare";

export interface ObjectStore {
  /** What operators call it: a path or an s3:// address, without credentials. */
  readonly name: string;
  /** Only where versions travel as ETags; the probe finds the style that the server takes. */
  etagStyle?: EtagStyle;
  /** @returns the newest version, or undefined where the key does not exist */
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * Creates the object; of several racing calls exactly one succeeds.
   * @returns its version
   * @throws AlreadyExists
   */
  create(key: string, body: Uint8Array): Promise<string>;
  /**
   * Replaces the object if it still has the expected version. A caller never writes a body back that the
   * object had before: S3 versions are digests of the content, so the two could not be told apart.
   * @returns its new version
   * @throws Conflict, also where the key does not exist
   */
  swap(key: string, body: Uint8Array, expectedVersion: string): Promise<string>;
  /**
   * @param prefix of whole keys, as S3 has it: "a/b" finds "a/bc"
   * @returns sorted keys
   * @throws StoreError beyond KEYS_MAX
   */
  list(prefix: string): Promise<string[]>;
}

/** Most bytes of one object: the largest file of a bundle. */
export const BODY_BYTES_MAX = 32 << 20;
/** Most keys that one listing returns. */
export const KEYS_MAX = 100_000;
const KEY_LENGTH_MAX = 512;
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** `create` found the key taken. */
export class AlreadyExists extends StoreError {
  readonly key: string;

  constructor(key: string) {
    super(`${key}: exists already`);
    this.key = key;
  }
}

/** `swap` found another version than the expected one. */
export class Conflict extends StoreError {
  readonly key: string;
  readonly expectedVersion: string;

  constructor(key: string, expectedVersion: string) {
    super(`${key}: no longer has version ${expectedVersion}`);
    this.key = key;
    this.expectedVersion = expectedVersion;
  }
}

/** The store can't be reached or answers with an error; the operation may be tried again. */
export class StoreUnavailable extends StoreError {}

/** The store does not do what the control plane relies on; it must not be used. */
export class StoreRefused extends StoreError {}

/**
 * Keys are the same everywhere: ASCII segments joined by slashes, none starting with a dot, so no key leaves
 * its folder, hides, or meets a name that a driver uses itself.
 * @throws StoreError
 */
export function checkKey(key: string): void {
  if (key.length > KEY_LENGTH_MAX || !key.split("/").every((segment) => SEGMENT.test(segment)))
    throw new StoreError(`key ${JSON.stringify(key.slice(0, 100))}: expected segments like ${SEGMENT.source}`);
}

/** @throws StoreError */
export function checkBody(key: string, body: Uint8Array): void {
  if (body.length > BODY_BYTES_MAX)
    throw new StoreError(`${key}: has ${body.length} bytes, expected at most ${BODY_BYTES_MAX}`);
}
