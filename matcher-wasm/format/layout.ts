/**
 * Where everything lies in a matcher's memory, and the layout of the tables that the linker appends.
 *
 * Read by the AssemblyScript runtime and by the linker; neither restates an offset. Plain integer
 * constants only, so that asc and Node both read this file. All values are little endian, addresses are
 * bytes from the start of memory, 0 is no address.
 *
 *   0             ┌──────────────────────────────┐
 *                 │ guard: never read or written │
 *   STAMPS        ├──────────────────────────────┤
 *                 │ u32 per rule and proof:      │  candidates are judged once an event
 *                 │ last event                   │
 *   OUTPUT        ├──────────────────────────────┤
 *                 │ verdicts                     │
 *   CONTEXT       ├──────────────────────────────┤
 *                 │ context block                │
 *   INPUT         ├──────────────────────────────┤
 *                 │ span of ring records         │
 *   PROOF         ├──────────────────────────────┤
 *                 │ one record: a directory      │
 *   HEADER        ├──────────────────────────────┤ ─┐
 *                 │ one row per event type       │  │ written by the linker, constant
 *   POOL          ├──────────────────────────────┤  │
 *                 │ lists, tables, strings       │  │
 *                 │ POOL_SLACK_BYTES of zeros    │  │
 *                 └──────────────────────────────┘ ─┘
 *
 * Row of an event type (TYPE_BYTES):        one part per path slot (SLOT_BYTES):
 *   0 u32 all         list of every rule      0 u32 paths      table by hash of the whole path
 *   4 u32 all_count                           4 u32 paths_mask
 *   8 u32 unkeyed     list of rules without   8 u32 ancestors  table by hash of a directory above
 *  12 u32 unkeyed_count       a key          12 u32 ancestors_mask
 *  16 slot of the file                       16 u32 names      table by hash of the last component
 *  80 slot of the destination                20 u32 names_mask
 * 144 u32 has_destination, 0 or 1            24 u32 prefixes   table by hash of its first bytes
 * 148 u32 provable, 0 or 1                   28 u32 prefixes_mask
 * 152 u32 proofs      list of proofs without 32 u32 suffixes   table by hash of its last bytes
 * 156 u32 proofs_count   a key               36 u32 suffixes_mask
 * 160 slot of the directory                  40 u64 path_depths      bit d: a key has d components;
 * 224                                        48 u64 ancestor_depths  bit 63 stands for 63 and more
 *                                            56 u32 prefix_lengths   bit n: a key has n bytes,
 *                                            60 u32 suffix_lengths   1 … AFFIX_BYTES_MAX
 *
 * Table: mask + 1 entries (a power of two, at least one of them free), linear probing from hash & mask.
 *   entry:  0 u64 hash   8 u32 list   12 u32 count, 0: free
 * List: count entries.
 *   entry:  0 u32 rule, with VERDICT_CANDIDATE when it reads context   4 u32 flags_any, 0: no condition
 *
 * Proofs are listed as rules are. Their predicates come after those of all rules in the function table and
 * judge a record whose file is a directory: some event of the type, whose file lies directly in it, may match.
 * In an event type that is not provable some rule may match in every directory.
 *
 * String set: a string fits when it is one of the exact strings or fits one glob, pattern or automaton.
 *   0 u32 strings   table of mask + 1 entries: 0 u64 hash  8 u32 address, 0: free  12 u32 bytes
 *   4 u32 strings_mask
 *   8 u32 globs     list of u32 addresses
 *  12 u32 globs_count
 *  16 u32 patterns  list of u32 addresses
 *  20 u32 patterns_count
 *  24 u32 regexes   list of u32 addresses of automata
 *  28 u32 regexes_count
 *
 * Pattern: literal segments with any bytes between them; the first one starts the string, the last one
 * ends it. One segment alone is the whole string.
 *   0 u32 count   4 u32 bytes_min, the sum of all lengths   8 count × { u32 address, u32 bytes }
 *
 * Glob: components, each a pattern that fits one path component.
 *   0 u32 before   components that the path starts with
 *   4 u32 after    components that it ends with
 *   8 u32 open     0: the path is the components before; 1: it goes on after them
 *  12 u32 unused
 *  16 (before + after) × u32 address of the component's pattern
 *
 * Automaton: of a regular expression, over classes of bytes. State AUTOMATON_DEAD fits no continuation of the
 * string, AUTOMATON_ALL every one; both lead to themselves.
 *   0 u32 start       state before the first byte
 *   4 u32 accepting   a string fits that ends in this state, in a greater one or in AUTOMATON_ALL
 *   8 u32 classes     number of classes
 *  12 u32 states      number of states
 *  16 256 × u8 class of the byte
 * 272 states × classes × u16 the state that follows
 *
 * Integer set: 0 u32 count   4 u32 unused   8 count × i64, ascending
 *
 * Address set: 0 u32 count   4 u32 unused   8 count × { u8[16] network, u8[16] mask, u32 family, u32 unused }
 *   Addresses are 16 bytes, IPv4 mapped into IPv6. family 4 and 6: the network holds only such addresses.
 *
 * Template: a text put together from parts, 0 u32 count   4 u32 unused   8 count × { u32 kind, u32 a, u32 b }
 *   PART_LITERAL: a address, b bytes   PART_RECORD_INT: a offset in the record of a u32
 *   PART_STRING, PART_INT, PART_INTS: a entry of the context block; several values have commas between them. An
 *   absent PART_INT is 0, absent others are empty. Integers are in decimal.
 */
import { CONTEXT_BYTES, INPUT_BYTES, OUTPUT_BYTES, PROOF_BYTES, RULES_MAX } from "./module.ts";
import { EVENT_TYPE_MAX } from "./record.ts";

export const STAMP_BYTES = 4;
export const STAMPS = 1024;
/** A rule has at most one proof. */
export const STAMPS_BYTES = 2 * RULES_MAX * STAMP_BYTES;
export const OUTPUT = STAMPS + STAMPS_BYTES;
export const CONTEXT = OUTPUT + OUTPUT_BYTES;
export const INPUT = CONTEXT + CONTEXT_BYTES;
export const PROOF = INPUT + INPUT_BYTES;
export const HEADER = PROOF + PROOF_BYTES;

export const SLOT_PATHS = 0;
export const SLOT_PATHS_MASK = 4;
export const SLOT_ANCESTORS = 8;
export const SLOT_ANCESTORS_MASK = 12;
export const SLOT_NAMES = 16;
export const SLOT_NAMES_MASK = 20;
export const SLOT_PREFIXES = 24;
export const SLOT_PREFIXES_MASK = 28;
export const SLOT_SUFFIXES = 32;
export const SLOT_SUFFIXES_MASK = 36;
export const SLOT_PATH_DEPTHS = 40;
export const SLOT_ANCESTOR_DEPTHS = 48;
export const SLOT_PREFIX_LENGTHS = 56;
export const SLOT_SUFFIX_LENGTHS = 60;
export const SLOT_BYTES = 64;
/** The bit of a depth set that stands for this depth and all greater ones. */
export const DEPTH_BIT_MAX = 63;

/** Longest prefix or suffix of a name that is a key: what one word holds. Longer literals are cut to it. */
export const AFFIX_BYTES_MAX = 8;

export const TYPE_ALL = 0;
export const TYPE_ALL_COUNT = 4;
export const TYPE_UNKEYED = 8;
export const TYPE_UNKEYED_COUNT = 12;
export const TYPE_FILE = 16;
export const TYPE_DESTINATION = TYPE_FILE + SLOT_BYTES;
export const TYPE_HAS_DESTINATION = TYPE_DESTINATION + SLOT_BYTES;
export const TYPE_PROVABLE = TYPE_HAS_DESTINATION + 4;
export const TYPE_PROOFS = TYPE_PROVABLE + 4;
export const TYPE_PROOFS_COUNT = TYPE_PROOFS + 4;
export const TYPE_DIRECTORY = TYPE_PROOFS + 8;
export const TYPE_BYTES = TYPE_DIRECTORY + SLOT_BYTES;

export const POOL = HEADER + (EVENT_TYPE_MAX + 1) * TYPE_BYTES;
/** Strings are read in words of 8 bytes; the last word may reach this far past the last string. */
export const POOL_SLACK_BYTES = 8;

export const TABLE_HASH = 0;
export const TABLE_LIST = 8;
export const TABLE_COUNT = 12;
export const TABLE_ENTRY_BYTES = 16;

export const LIST_RULE = 0;
export const LIST_FLAGS_ANY = 4;
export const LIST_ENTRY_BYTES = 8;

export const SET_STRINGS = 0;
export const SET_STRINGS_MASK = 4;
export const SET_GLOBS = 8;
export const SET_GLOBS_COUNT = 12;
export const SET_PATTERNS = 16;
export const SET_PATTERNS_COUNT = 20;
export const SET_REGEXES = 24;
export const SET_REGEXES_COUNT = 28;
export const SET_BYTES = 32;

export const STRING_HASH = 0;
export const STRING_ADDRESS = 8;
export const STRING_LENGTH = 12;
export const STRING_ENTRY_BYTES = 16;

export const PATTERN_COUNT = 0;
export const PATTERN_BYTES_MIN = 4;
export const PATTERN_SEGMENTS = 8;
export const SEGMENT_ADDRESS = 0;
export const SEGMENT_LENGTH = 4;
export const SEGMENT_BYTES = 8;

export const GLOB_BEFORE = 0;
export const GLOB_AFTER = 4;
export const GLOB_OPEN = 8;
export const GLOB_COMPONENTS = 16;

export const AUTOMATON_START = 0;
export const AUTOMATON_ACCEPTING = 4;
export const AUTOMATON_CLASSES = 8;
export const AUTOMATON_STATES = 12;
export const AUTOMATON_BYTE_CLASSES = 16;
export const AUTOMATON_ROWS = AUTOMATON_BYTE_CLASSES + 256;
export const AUTOMATON_STATE_BYTES = 2;
export const AUTOMATON_DEAD = 0;
export const AUTOMATON_ALL = 1;

export const ADDRESSES_COUNT = 0;
export const ADDRESSES = 8;
export const ADDRESS_NETWORK = 0;
export const ADDRESS_MASK = 16;
export const ADDRESS_FAMILY = 32;
export const ADDRESS_BYTES = 40;
/** Value of an address: IPv4 is ::ffff:a.b.c.d. */
export const IP_BYTES = 16;

export const TEMPLATE_COUNT = 0;
export const TEMPLATE_PARTS = 8;
export const PART_KIND = 0;
export const PART_A = 4;
export const PART_B = 8;
export const PART_BYTES = 12;
export const PART_LITERAL = 0;
export const PART_STRING = 1;
export const PART_INT = 2;
export const PART_RECORD_INT = 3;
export const PART_INTS = 4;

export const INTS_COUNT = 0;
export const INTS_VALUES = 8;

/**
 * How predicates name a string field. Values of the context block: REF_CONTEXT + entry, with REF_ARRAY when
 * there are any number of them, with REF_ELEMENT for what the current element has of them: the value at its place,
 * with REF_ARRAY as many as the entry at REF_ENDS says.
 */
export const REF_PATH = 0;
export const REF_DESTINATION_PATH = 1;
export const REF_NAME = 2;
export const REF_DESTINATION_NAME = 3;
export const REF_COMM = 4;
export const REF_EXTENSION = 5;
export const REF_DESTINATION_EXTENSION = 6;
export const REF_FILESYSTEM = 7;
export const REF_TEXT = 8;
export const REF_TEXT_PREFIX = 9;
export const REF_CONTEXT = 1 << 16;
export const REF_ARRAY = 1 << 17;
export const REF_ELEMENT = 1 << 18;
export const REF_CONTEXT_ENTRY_MASK = 0xffff;
/** First bit of the entry with the ends. */
export const REF_ENDS = 20;

/** Comparisons of `any_int`. */
export const OP_EQ = 0;
export const OP_NE = 1;
export const OP_LT = 2;
export const OP_LE = 3;
export const OP_GT = 4;
export const OP_GE = 5;
