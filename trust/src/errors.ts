/**
 * Every way in which something received from outside can be refused. The class says what an operator has
 * to think of (an attack, a broken network, a broken disk); `code` says it to machines.
 */

export type TrustErrorCode =
  | "unreachable"
  | "expired"
  | "rollback"
  | "signature"
  | "mismatch"
  | "oversize"
  | "malformed"
  | "wrong-tenant"
  | "bundle"
  | "inadmissible"
  | "local-state";

export class TrustError extends Error {
  readonly code: TrustErrorCode;

  constructor(code: TrustErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** The server can't be reached, answered with an error or too slowly. Nothing is wrong with the content. */
export class UnreachableError extends TrustError {
  readonly url: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(details: { url: string; status?: number; reason: string; cause?: unknown }) {
    super("unreachable", `${details.url}: ${details.reason}`, details.cause);
    this.url = details.url;
    this.status = details.status;
  }
}

/** Freeze attack, or a publisher that no longer signs: the newest metadata on offer is too old. */
export class ExpiredError extends TrustError {
  constructor(message: string, cause?: unknown) {
    super("expired", message, cause);
  }
}

/** Rollback or mix-and-match attack: an older version than one already trusted, or versions that don't fit. */
export class RollbackError extends TrustError {
  constructor(message: string, cause?: unknown) {
    super("rollback", message, cause);
  }
}

/** Arbitrary-software attack: not signed by enough of the trusted keys. */
export class SignatureError extends TrustError {
  constructor(message: string, cause?: unknown) {
    super("signature", message, cause);
  }
}

/** The bytes are not those that the signed metadata names. */
export class MismatchError extends TrustError {
  constructor(message: string, cause?: unknown) {
    super("mismatch", message, cause);
  }
}

/** Endless-data attack: more bytes than the limit or than the metadata says. */
export class OversizeError extends TrustError {
  readonly url: string;
  readonly bytesMax: number;

  constructor(url: string, bytesMax: number) {
    super("oversize", `${url}: more than the ${bytesMax} bytes expected; stopped reading`);
    this.url = url;
    this.bytesMax = bytesMax;
  }
}

/** Not JSON, or not the shape that the specification asks for. */
export class MalformedError extends TrustError {
  constructor(message: string, cause?: unknown) {
    super("malformed", message, cause);
  }
}

/** Correctly signed, but for another tenant. */
export class WrongTenantError extends TrustError {
  readonly expected: string;
  readonly received: string;

  constructor(details: { what: string; expected: string; received: string }) {
    super(
      "wrong-tenant",
      `${details.what} belongs to tenant ${JSON.stringify(details.received)}, expected ${JSON.stringify(details.expected)}`,
    );
    this.expected = details.expected;
    this.received = details.received;
  }
}

/** The files of a bundle contradict each other, the format or a limit. */
export class BundleError extends TrustError {
  /** File of the bundle at fault, as in the repository's target names. */
  readonly file: string;

  constructor(file: string, message: string, cause?: unknown) {
    super("bundle", `${file}: ${message}`, cause);
    this.file = file;
  }
}

/** Correctly signed and whole, but this host refuses to run it; `cause` says why. */
export class InadmissibleError extends TrustError {
  /** Of the bundle, lower-case hex SHA-256. */
  readonly digest: string;

  constructor(digest: string, cause: unknown) {
    super("inadmissible", `bundle ${digest.slice(0, 12)}: ${cause instanceof Error ? cause.message : cause}`, cause);
    this.digest = digest;
  }
}

/** The local state can't be read or written. */
export class LocalStateError extends TrustError {
  readonly path: string;

  constructor(path: string, message: string, cause?: unknown) {
    super("local-state", `${path}: ${message}`, cause);
    this.path = path;
  }
}
