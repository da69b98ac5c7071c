/**
 * Names the errors of tuf-js by what an operator has to think of. tuf-js wraps the failures of snapshot and
 * targets into a message, so beside the classes their wording counts; the tests hold one case for each. The
 * decision to refuse is always tuf-js's: a wording that is not known here is only named less precisely.
 */
import { BadVersionError, ExpiredMetadataError } from "tuf-js/dist/error.js";
import { ExpiredError, MalformedError, MismatchError, RollbackError, SignatureError, TrustError } from "./errors.ts";

/**
 * @param error what tuf-js threw
 * @param failure the first failure of the transport in this cycle, which explains the rest
 */
export function classify(error: Error, failure: TrustError | undefined): TrustError {
  if (failure instanceof TrustError) return failure;
  if (error instanceof TrustError) return error;
  // "Unable to load snapshot metadata error Error: …" → what lies inside.
  const message = error.message.replace(/^Unable to load (\w+)(?: metadata)? error (?:\w*Error: )?/, "$1: ");
  if (error instanceof ExpiredMetadataError || /is expired$/.test(message)) return new ExpiredError(message, error);
  if (
    error instanceof BadVersionError ||
    /less than current version|(?:does not|doesn't) match|^snapshot: Missing file|Expected version/.test(message)
  )
    return new RollbackError(message, error);
  if (/was signed by \d+\/\d+ keys|no delegation found/.test(message)) return new SignatureError(message, error);
  if (/Expected (?:length|hash)|not supported$/.test(message)) return new MismatchError(message, error);
  return new MalformedError(message, error);
}
