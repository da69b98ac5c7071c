/**
 * What a matcher module exports and what it may use; the linker writes it, the host loader refuses
 * anything else. Plain integer constants, readable by asc.
 *
 * Exports, all of them:
 *   memory                            with a maximum
 *   abi_version() → i32               ABI_VERSION
 *   input_ptr() → i32                 where the host copies a span of ring records
 *   output_ptr() → i32                where verdicts are written
 *   context_ptr() → i32               where the host writes a context block
 *   match_batch(start, length, generation, tenant) → i32
 *       Judges the records of the span [start, length) of the input whose generation and tenant bit
 *       (0 … 63) fit. Writes verdicts of VERDICT_BYTES: u32 offset of the record in the input, u32
 *       index of the rule, with VERDICT_CANDIDATE set when the rule needs context. Returns the number
 *       of verdicts; stops before a record whose verdicts might not fit, and
 *   resume() → i32                    then says where to go on; the span's length when all is judged
 *   consumed() → i32                  after the last call of match_batch: the offset up to which the
 *       span's records were passed over; less than `resume()` only when the walk met a record that is
 *       not yet committed or does not fit, which then is the first byte to hand over next time
 *   malformed() → i32                 records that the last match_batch skipped because they contradict
 *       their own lengths
 *   match_context(offset) → i32
 *       Judges the record at that offset again, with the context block; writes final verdicts (rules
 *       that need no context are not repeated) and returns their number.
 *   run_program(index, offset) → i32
 *       Runs a program of the module's description (`description.ts`) on the record at that offset, with
 *       the context block. A filter gives 0 or 1. A value gives the number of values that it wrote to the
 *       output as VALUE_BYTES each: an i64, or u32 address in the memory and u32 byte length. PROGRAM_UNKNOWN
 *       when it reads what is not known, or puts together more than PROGRAM_TEXT_BYTES_MAX; as signed 32-bit value
 *       also for an index that is none.
 *   proof_ptr() → i32                 where the host writes the record of a directory
 *   prove() → i32
 *       Judges that record, of which type, flags, path length and path are read: the path is a directory's.
 *       1 when no event of the type whose file lies directly in it matches any rule, whatever else it is;
 *       0 when that is not proven. Always 0 for a path that is truncated or not absolute and normalised,
 *       and for types without a file. Leaves the input as it is, overwrites the output.
 *
 * A context block holds one entry of 8 bytes for each value that the module's description names, in that
 * order: u32 offset from the block's start, u32 count of values. At that offset lie `count` values of 8 bytes: for strings u32 offset from the block's start
 * and u32 byte length, for integers and booleans one i64. An absent value has count 0: it is the type's zero value for
 * a scalar, the empty list for an array. A value that the host could not get, or that does not fit, has
 * count CONTEXT_UNKNOWN: every leaf that reads it counts as true.
 */

/** Bytes of the input region: the longest span handed over at once. */
export const INPUT_BYTES = 1 << 20;
/** Bytes of the region for the record of a directory. */
export const PROOF_BYTES = 1 << 13;
/** Bytes of the output region. */
export const OUTPUT_BYTES = 1 << 18;
/** Bytes of the context region. */
export const CONTEXT_BYTES = 1 << 17;
export const CONTEXT_ENTRY_BYTES = 8;
export const CONTEXT_VALUE_BYTES = 8;
/** As signed 32-bit value: the count of a context value that is not known. */
export const CONTEXT_UNKNOWN = -1;

/** Most values that a matcher may ask for. */
export const CONTEXT_VALUES_MAX = 1024;

export const VALUE_BYTES = 8;
/** Most values that one program writes; what is beyond is left out. */
export const PROGRAM_VALUES_MAX = OUTPUT_BYTES / VALUE_BYTES;
/** Longest text that a program puts together: nothing is cut off, a longer one is not known. */
export const PROGRAM_TEXT_BYTES_MAX = 1 << 16;
export const PROGRAM_UNKNOWN = -1;

export const VERDICT_BYTES = 8;
/** Set in the rule index of a verdict that needs a second call with context. */
export const VERDICT_CANDIDATE = 1 << 30;

/** Most rules of one bundle. */
export const RULES_MAX = 16384;
/** Most programs of one bundle: filters and values of actions. */
export const PROGRAMS_MAX = 4096;
/** Most values of a variable. */
export const VARIABLE_VALUES_MAX = 1 << 16;
/** Most 64 KiB pages of a module's memory. */
export const MEMORY_PAGES_MAX = 1024;
/** Most bytes of a module. */
export const MODULE_BYTES_MAX = 16 << 20;

/**
 * What a predicate may rely on, as bits. A leaf over anything that is not known counts as true
 * (may-match); false is then a proof.
 */
export const KNOWN_RECORD = 1;
export const KNOWN_PATH = 2;
export const KNOWN_DESTINATION = 4;
export const KNOWN_CONTEXT = 8;
/** Inode, device, mount, mode, owner, times and file system of the file. */
export const KNOWN_ATTRIBUTES = 16;
/** The third text: an attribute's name, what was mounted. */
export const KNOWN_TEXT = 32;
export const KNOWN_ALL = 63;
