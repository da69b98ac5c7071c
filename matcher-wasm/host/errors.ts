/** Why a module is refused, or why it could not be asked. */

/** What a module breaks of the contract in `format/module.ts`. */
export type RejectReason =
  | "too-large"
  | "malformed"
  | "invalid"
  | "imports"
  | "start-function"
  | "memory"
  | "exports"
  | "abi-version"
  | "description"
  | "layout";

/** The bytes are no matcher that this host may run. Nothing of them has been kept. */
export class MatcherRejectedError extends Error {
  override readonly name = "MatcherRejectedError";
  readonly reason: RejectReason;

  constructor(reason: RejectReason, message: string, options?: ErrorOptions) {
    super(`matcher refused (${reason}): ${message}`, options);
    this.reason = reason;
  }
}

/** The host called a matcher with what does not fit; the matcher is unharmed. */
export class MatcherInputError extends RangeError {
  override readonly name = "MatcherInputError";
}
