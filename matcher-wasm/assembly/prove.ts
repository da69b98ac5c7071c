/**
 * Whether a directory is proven silent: the record of the proof region against the proofs of its type.
 *
 * Which bytes are trusted: none, as in a span. 0 says nothing, so it is the answer to whatever is odd.
 */
import { PROOF } from "../format/layout.ts";
import { PROOF_BYTES } from "../format/module.ts";
import { isSilent, rowOf } from "./judge.ts";
import { bodyFits, headerFits, isFileType, typeOf } from "./record.ts";

const PROOF_ADDRESS: usize = PROOF as usize;
const PROOF_LIMIT: u32 = PROOF_BYTES;

export function prove(): i32 {
  const record = PROOF_ADDRESS;
  if (!headerFits(record, PROOF_LIMIT)) return 0;
  const type = typeOf(record);
  return isFileType(type) && bodyFits(record) && isSilent(record, rowOf(type)) ? 1 : 0;
}
