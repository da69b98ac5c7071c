/** What a row of the field table says. */

export interface EventType {
  readonly name: string;
  readonly id: number;
  /** Whether the record is a file event, with paths that approvers and the matcher's index can use. */
  readonly file: boolean;
  /** Whether events of this type carry a destination path. */
  readonly destination: boolean;
  readonly doc: string;
}

export type PathSlot = "file" | "destination";

/** Where a field's value lies. `u…`/`i…`: an integer in the record at `offset`, masked where `mask` is set. */
export type FieldSource =
  | { readonly from: "u32" | "i32" | "u64"; readonly offset: number; readonly mask?: number }
  /** A user or group id; ID_UNCHANGED reads as -1. */
  | { readonly from: "id32"; readonly offset: number }
  /** True, or 1, when one of the bits of the record's flags is set. */
  | { readonly from: "flag"; readonly bit: number }
  | { readonly from: "path" | "basename" | "extension" | "pathLength" | "nameLength"; readonly slot: PathSlot }
  | { readonly from: "comm" | "filesystem" | "text" }
  /** The text up to its first dot. */
  | { readonly from: "textPrefix" }
  /** Resolved by the host; fields of different events may be the same value under one key. */
  | { readonly from: "context"; readonly key: string }
  /** State that rules set themselves, in the context block as well. */
  | { readonly from: "variable"; readonly key: string };

export type FieldType = "string" | "int" | "bool" | "ip";

export interface Field {
  readonly name: string;
  /** Event type the field belongs to; undefined: every type has it. */
  readonly event?: string;
  readonly type: FieldType;
  /** The field has any number of values; comparisons ask for ANY of them, negated ones for NONE. */
  readonly array: boolean;
  /** Strings: `path` patterns are globs over components, `flat` patterns let `*` cross slashes. */
  readonly matching: "path" | "flat";
  /** Integers: nanoseconds since the epoch; compared with a duration, the age at the time of the event is meant. */
  readonly timestamp: boolean;
  /** The language has it, hosts of this version never know it: conditions over it count as true. */
  readonly unresolved: boolean;
  /** Paths of the record: some events of the type have none, the field is empty then. All others are always there. */
  readonly optional?: true;
  readonly source: FieldSource;
  /** What the current element of an iterator has: one value of `of`, or with `ends` any number of them. */
  readonly element?: {
    readonly of: Field;
    /** How many values of `of` the elements up to each one have. */
    readonly ends?: Field;
  };
  readonly doc: string;
}

/** A value of the context block. Addresses of type `ip` are 16 bytes, IPv4 mapped into IPv6. */
export interface ContextKey {
  readonly key: string;
  readonly type: FieldType;
  readonly array: boolean;
}
