/**
 * One loaded matcher: copies spans in, reads verdicts out.
 *
 * Invariant: one call at a time; the input region keeps the last span until the host overwrites it, so
 * candidates can be judged with context after their batch.
 */
import {
  CONTEXT_BYTES,
  EVENT_TYPE_MAX,
  FILE_PATH_LEN,
  FILE_PATHS,
  type FieldType,
  INPUT_BYTES,
  type MatcherDescription,
  OUTPUT_BYTES,
  PATH_BYTES_MAX,
  PROGRAM_VALUES_MAX,
  PROOF_BYTES,
  pad8,
  RECORD_HEADER_BYTES,
  RECORD_SIZE,
  RECORD_TYPE,
  VALUE_BYTES,
  VERDICT_BYTES,
  VERDICT_CANDIDATE,
} from "../format/index.ts";
import { type AdmittedMatcher, admitModule } from "./admit.ts";
import { type ContextValue, writeContext } from "./context.ts";
import { MatcherInputError } from "./errors.ts";
import { type HostText, textOf } from "./text.ts";

/** A rule that an event matched, or may match once its context is known. */
export interface Verdict {
  /** Of the record in the input, past its ring header; names the event in `matchContext`. */
  readonly recordOffset: number;
  /** Index in the order in which the rules were linked. */
  readonly rule: number;
  /** The rule reads context and only may match. */
  readonly candidate: boolean;
}

export interface BatchRequest {
  /** Bytes of the span at the start of `input`. */
  readonly length: number;
  readonly generation: number;
  /** Bit in the records' tenant masks, 0 … 63. */
  readonly tenant: number;
}

/** Views of the region for the record of a directory. */
interface ProofRegion {
  readonly record: DataView;
  readonly path: Uint8Array;
}

const TENANT_MAX = 63;
const U32_MAX = 0xffffffff;

const encoder = new TextEncoder();

export class Matcher {
  readonly #matcher: AdmittedMatcher;
  #input: Uint8Array;
  #proof: ProofRegion | undefined;
  #consumed = 0;
  #malformed = 0;

  private constructor(matcher: AdmittedMatcher) {
    this.#matcher = matcher;
    this.#input = new Uint8Array(matcher.exports.memory.buffer, matcher.input, INPUT_BYTES);
  }

  /** @throws MatcherRejectedError when the bytes are no module that may run here */
  static async load(bytes: Uint8Array): Promise<Matcher> {
    return new Matcher(await admitModule(bytes));
  }

  /** Where the next span goes: INPUT_BYTES bytes of the matcher's own memory, the same view each time. */
  get input(): Uint8Array {
    const { buffer } = this.#matcher.exports.memory;
    // Growing detaches the old buffer. Linked matchers can't grow; an admitted one might.
    if (this.#input.buffer !== buffer) this.#input = new Uint8Array(buffer, this.#matcher.input, INPUT_BYTES);
    return this.#input;
  }

  /** What the module says of itself: the values of its context blocks, its variables and programs. */
  get description(): MatcherDescription {
    return this.#matcher.description;
  }

  /** Bytes of the last batch's span that were walked; the rest starts with a record not yet committed. */
  get consumed(): number {
    return this.#consumed;
  }

  /** Records of the last batch that were skipped because they contradict their own lengths. */
  get malformed(): number {
    return this.#malformed;
  }

  /**
   * Judges all records of the span in `input` that are of this generation and tenant.
   * @returns the verdicts in the order of the records
   * @throws MatcherInputError when the request is out of range
   */
  matchBatch(request: BatchRequest): Verdict[] {
    requireInteger("length", request.length, INPUT_BYTES);
    requireInteger("generation", request.generation, U32_MAX);
    requireInteger("tenant", request.tenant, TENANT_MAX);
    const { exports, output } = this.#matcher;
    const verdicts: Verdict[] = [];
    this.#malformed = 0;
    let start = 0;
    do {
      const count = exports.match_batch(start, request.length, request.generation, request.tenant);
      if (count > 0) readVerdicts(new DataView(exports.memory.buffer, output, OUTPUT_BYTES), count, verdicts);
      this.#malformed += exports.malformed();
      const next = exports.resume();
      // Each call gets further, as an event's verdicts fit into an empty output; a module that doesn't is broken.
      if (next <= start && next < request.length)
        throw new WebAssembly.RuntimeError(`matcher stands still at ${next} of ${request.length} bytes`);
      start = next;
    } while (start < request.length);
    this.#consumed = exports.consumed();
    return verdicts;
  }

  /**
   * Judges one record of the span in `input` by the rules that read context.
   * @param recordOffset as in a verdict
   * @param context in the order of `description.context`
   * @returns indices of the rules that match, each once
   * @throws MatcherInputError when the offset is out of range or a value does not have its key's type
   */
  matchContext(recordOffset: number, context: readonly ContextValue[]): number[] {
    const { exports, output } = this.#matcher;
    this.#giveContext(recordOffset, context);
    const count = exports.match_context(recordOffset);
    const verdicts: Verdict[] = [];
    readVerdicts(new DataView(exports.memory.buffer, output, OUTPUT_BYTES), count, verdicts);
    return verdicts.map((verdict) => verdict.rule);
  }

  /**
   * Runs a filter on one record of the span in `input`.
   * @param index from the module's description
   * @returns whether it is certainly true: what is not known makes it false
   */
  runFilter(index: number, recordOffset: number, context: readonly ContextValue[]): boolean {
    this.#giveContext(recordOffset, context);
    return this.#matcher.exports.run_program(index, recordOffset) === 1;
  }

  /**
   * Runs a program that gives values on one record of the span in `input`.
   * @param index from the module's description
   * @param type of the values
   * @returns the values, text as bytes where it is no UTF-8; null when the program reads what is not known
   */
  runProgram(
    index: number,
    type: FieldType,
    recordOffset: number,
    context: readonly ContextValue[],
  ): HostText[] | bigint[] | null {
    this.#giveContext(recordOffset, context);
    const { exports, output } = this.#matcher;
    const count = exports.run_program(index, recordOffset);
    if (count < 0 || count > PROGRAM_VALUES_MAX) return null;
    const memory = new Uint8Array(exports.memory.buffer);
    const view = new DataView(exports.memory.buffer, output, count * VALUE_BYTES);
    const at = Array.from({ length: count }, (_, i) => i * VALUE_BYTES);
    if (type === "int" || type === "bool") return at.map((offset) => view.getBigInt64(offset, true));
    return at.map((offset) => {
      const start = view.getUint32(offset, true);
      return textOf(memory.subarray(start, start + view.getUint32(offset + 4, true)));
    });
  }

  #giveContext(recordOffset: number, context: readonly ContextValue[]): void {
    requireInteger("record offset", recordOffset, INPUT_BYTES - RECORD_HEADER_BYTES);
    const { exports, context: block, description } = this.#matcher;
    writeContext(new Uint8Array(exports.memory.buffer, block, CONTEXT_BYTES), description.context, context);
  }

  /**
   * Whether a directory is proven silent for an event type: no event of the type whose file lies directly in
   * it matches any rule, whatever the file's name and everything else may be. The last batch stays as it is.
   * @param type id of the event type, 1 … EVENT_TYPE_MAX
   * @param directory absolute, normalised path as records have it; bytes where it may be no UTF-8. Text that
   *   came of other bytes by replacing them names another directory, so nothing is proven of it
   * @returns false when that is not proven
   * @throws MatcherInputError when the type is out of range
   */
  prove(type: number, directory: Uint8Array | string): boolean {
    if (type === 0) throw new MatcherInputError(`event type 0: expected an integer from 1 to ${EVENT_TYPE_MAX}`);
    requireInteger("event type", type, EVENT_TYPE_MAX);
    const region = this.#proofRegion();
    const length = writePath(directory, region.path);
    if (length === null) return false;
    // All of the region that `prove` reads and that is not written here stays zero.
    region.record.setUint32(RECORD_SIZE, FILE_PATHS + pad8(length), true);
    region.record.setUint16(RECORD_TYPE, type, true);
    region.record.setUint16(FILE_PATH_LEN, length, true);
    return this.#matcher.exports.prove() === 1;
  }

  #proofRegion(): ProofRegion {
    const { exports, proof } = this.#matcher;
    const { buffer } = exports.memory;
    if (this.#proof?.record.buffer !== buffer)
      this.#proof = {
        record: new DataView(buffer, proof, PROOF_BYTES),
        path: new Uint8Array(buffer, proof + FILE_PATHS, PATH_BYTES_MAX),
      };
    return this.#proof;
  }
}

/** @returns bytes written, null when the path does not fit or is not text that stands for certain bytes */
function writePath(path: Uint8Array | string, into: Uint8Array): number | null {
  if (typeof path !== "string") {
    if (path.length > into.length) return null;
    into.set(path);
    return path.length;
  }
  if (path.includes("\ufffd") || !path.isWellFormed()) return null;
  const { read, written } = encoder.encodeInto(path, into);
  return read === path.length ? written : null;
}

function readVerdicts(view: DataView, count: number, into: Verdict[]): void {
  for (let at = 0; at < count * VERDICT_BYTES; at += VERDICT_BYTES) {
    const rule = view.getUint32(at + 4, true);
    into.push({
      recordOffset: view.getUint32(at, true),
      rule: rule & ~VERDICT_CANDIDATE,
      candidate: (rule & VERDICT_CANDIDATE) !== 0,
    });
  }
}

function requireInteger(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new MatcherInputError(`${what} ${value}: expected an integer from 0 to ${max}`);
}
