/**
 * The header of a matcher: for each event type, which rules an event has to be shown to, and which proofs
 * a directory.
 *
 * Invariant: every rule is in the list of all rules of its type, and for each of its index entries in a
 * table under that key, or in the list of rules without a key when the entry has none or one that no event
 * is looked up by. Proofs likewise, by the path of the directory.
 */
import {
  DEPTH_BIT_MAX,
  EVENT_TYPE_MAX,
  eventTypeByName,
  nameHash,
  pathHash,
  SLOT_ANCESTOR_DEPTHS,
  SLOT_ANCESTORS,
  SLOT_NAMES,
  SLOT_PATH_DEPTHS,
  SLOT_PATHS,
  SLOT_PREFIX_LENGTHS,
  SLOT_PREFIXES,
  SLOT_SUFFIX_LENGTHS,
  SLOT_SUFFIXES,
  TYPE_ALL,
  TYPE_BYTES,
  TYPE_DESTINATION,
  TYPE_DIRECTORY,
  TYPE_FILE,
  TYPE_HAS_DESTINATION,
  TYPE_PROOFS,
  TYPE_PROVABLE,
  TYPE_UNKEYED,
  VERDICT_CANDIDATE,
} from "@weir/matcher-wasm/format";
import { accessPredicates } from "../access/index.ts";
import type { AccessPredicate, CheckedRule } from "../ir.ts";
import { LinkError } from "./error.ts";
import { buildHashTable } from "./hash-table.ts";
import { type IndexEntry, type IndexKey, indexEntries, type KeyKind } from "./index-keys.ts";
import type { DataPool } from "./pool.ts";
import type { ProofPlan } from "./proofs.ts";

/** A rule as lists name it, and the flags without which it needs not be asked (0: always ask). */
interface ListEntry {
  readonly rule: number;
  readonly flagsAny: number;
}

type Table = Map<bigint, ListEntry[]>;

/** One path of an event type. */
interface SlotIndex {
  readonly tables: Readonly<Record<KeyKind, Table>>;
  pathDepths: bigint;
  ancestorDepths: bigint;
  prefixLengths: number;
  suffixLengths: number;
}

interface TypeIndex {
  readonly hasDestination: boolean;
  readonly all: ListEntry[];
  readonly unkeyed: ListEntry[];
  readonly slots: Readonly<Record<"file" | "destination", SlotIndex>>;
  /** Proofs without a key, null when directories can't be proven silent. */
  proofs: ListEntry[] | null;
  readonly directory: SlotIndex;
}

/** What is indexed; the lists follow the order of the rules. */
interface Indexed {
  readonly rules: readonly CheckedRule[];
  readonly access: readonly (readonly AccessPredicate[])[];
  /** Whether the rule becomes a candidate in phase one. */
  readonly readsContext: readonly boolean[];
  readonly proofs: ProofPlan;
}

const encoder = new TextEncoder();

const newSlot = (): SlotIndex => ({
  tables: { path: new Map(), ancestor: new Map(), basename: new Map(), prefix: new Map(), suffix: new Map() },
  pathDepths: 0n,
  ancestorDepths: 0n,
  prefixLengths: 0,
  suffixLengths: 0,
});

/** @returns the bytes from `HEADER` to `POOL`; the lists and tables are in the pool */
export function buildHeader({ rules, access, readsContext, proofs }: Indexed, pool: DataPool): Uint8Array {
  const types = new Map<number, TypeIndex>();
  rules.forEach((rule, i) => {
    const index = indexOf(types, rule.event);
    if (index === undefined)
      throw new LinkError("event", rule.event, `rule ${rule.id}: event type ${JSON.stringify(rule.event)} is unknown`);
    addRule(index, readsContext[i] === true ? i | VERDICT_CANDIDATE : i, rule, access[i] ?? []);
  });
  addProofs(types, proofs, rules.length);

  const header = new Uint8Array((EVENT_TYPE_MAX + 1) * TYPE_BYTES);
  const view = new DataView(header.buffer);
  for (const [id, index] of types) writeType(view, id * TYPE_BYTES, index, pool);
  return header;
}

function indexOf(types: Map<number, TypeIndex>, event: string): TypeIndex | undefined {
  const type = eventTypeByName(event);
  if (type === undefined) return undefined;
  const index = types.get(type.id) ?? {
    hasDestination: type.destination,
    all: [],
    unkeyed: [],
    slots: { file: newSlot(), destination: newSlot() },
    proofs: null,
    directory: newSlot(),
  };
  types.set(type.id, index);
  return index;
}

function addRule(index: TypeIndex, rule: number, { expr }: CheckedRule, access: readonly AccessPredicate[]): void {
  index.all.push({ rule, flagsAny: 0 });
  if (expr.kind === "const" && !expr.value) return;
  addEntries(index.slots, index.unkeyed, rule, indexEntries(expr, access));
}

/** @param first where the predicates of the proofs start in the function table */
function addProofs(types: Map<number, TypeIndex>, { exprs, types: planned }: ProofPlan, first: number): void {
  const entries = exprs.map((expr) => indexEntries(expr, accessPredicates(expr)));
  for (const [event, indices] of planned) {
    const index = indexOf(types, event);
    if (index === undefined) continue;
    const unkeyed: ListEntry[] = [];
    const slots = { file: index.directory, destination: index.directory };
    for (const i of indices) addEntries(slots, unkeyed, first + i, entries[i] ?? []);
    index.proofs = unkeyed;
  }
}

function addEntries(
  slots: TypeIndex["slots"],
  unkeyed: ListEntry[],
  rule: number,
  entries: readonly IndexEntry[],
): void {
  for (const { key, flagsAny } of entries) {
    const hash = hashOf(key);
    if (hash === null || key === null) unkeyed.push({ rule, flagsAny });
    else addKey(slots[key.slot], key, hash, { rule, flagsAny });
  }
}

function addKey(slot: SlotIndex, key: IndexKey, hash: bigint, entry: ListEntry): void {
  const table = slot.tables[key.kind];
  const list = table.get(hash);
  if (list === undefined) table.set(hash, [entry]);
  else list.push(entry);
  const { kind, value } = key;
  if (kind === "prefix") slot.prefixLengths |= 1 << value.length;
  if (kind === "suffix") slot.suffixLengths |= 1 << value.length;
  if (kind === "path" && typeof value === "string") slot.pathDepths |= depthBit(value);
  if (kind === "ancestor" && typeof value === "string") slot.ancestorDepths |= depthBit(value);
}

/** @returns the hash under which an event's path presents the key, null when none would */
function hashOf(key: IndexKey | null): bigint | null {
  if (key === null || key.value.length === 0) return null;
  if (typeof key.value !== "string") return nameHash(key.value);
  if (key.kind === "basename") return key.value.includes("/") ? null : nameHash(encoder.encode(key.value));
  try {
    return pathHash(key.value);
  } catch (error) {
    // Not a normalised path: no event is found by it, so the rule is shown all of them.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function depthBit(path: string): bigint {
  const depth = path === "/" ? 0 : path.split("/").length - 1;
  return 1n << BigInt(Math.min(depth, DEPTH_BIT_MAX));
}

function writeType(view: DataView, at: number, index: TypeIndex, pool: DataPool): void {
  writePair(view, at + TYPE_ALL, putList(index.all, pool));
  writePair(view, at + TYPE_UNKEYED, putList(index.unkeyed, pool));
  view.setUint32(at + TYPE_HAS_DESTINATION, index.hasDestination ? 1 : 0, true);
  if (index.proofs !== null) {
    view.setUint32(at + TYPE_PROVABLE, 1, true);
    writePair(view, at + TYPE_PROOFS, putList(index.proofs, pool));
  }
  for (const [slot, offset] of [
    [index.slots.file, at + TYPE_FILE],
    [index.slots.destination, at + TYPE_DESTINATION],
    [index.directory, at + TYPE_DIRECTORY],
  ] as const) {
    writePair(view, offset + SLOT_PATHS, putTable(slot.tables.path, pool));
    writePair(view, offset + SLOT_ANCESTORS, putTable(slot.tables.ancestor, pool));
    writePair(view, offset + SLOT_NAMES, putTable(slot.tables.basename, pool));
    writePair(view, offset + SLOT_PREFIXES, putTable(slot.tables.prefix, pool));
    writePair(view, offset + SLOT_SUFFIXES, putTable(slot.tables.suffix, pool));
    view.setBigUint64(offset + SLOT_PATH_DEPTHS, slot.pathDepths, true);
    view.setBigUint64(offset + SLOT_ANCESTOR_DEPTHS, slot.ancestorDepths, true);
    view.setUint32(offset + SLOT_PREFIX_LENGTHS, slot.prefixLengths, true);
    view.setUint32(offset + SLOT_SUFFIX_LENGTHS, slot.suffixLengths, true);
  }
}

function writePair(view: DataView, at: number, [first, second]: readonly [number, number]): void {
  view.setUint32(at, first, true);
  view.setUint32(at + 4, second, true);
}

/** @returns address and count */
function putList(list: readonly ListEntry[], pool: DataPool): [number, number] {
  if (list.length === 0) return [0, 0];
  return [pool.putWords(list.flatMap(({ rule, flagsAny }) => [rule, flagsAny])), list.length];
}

/** @returns address and mask */
function putTable(table: Table, pool: DataPool): [number, number] {
  if (table.size === 0) return [0, 0];
  const entries = [...table].map(([hash, list]) => ({ hash, words: putList(list, pool) }));
  const { bytes, mask } = buildHashTable(entries, 1);
  return [pool.put(bytes), mask];
}
