/**
 * The contents of the kernel stage's filter maps for one generation, computed from the seeds of all tenants
 * active in it. Pure; the byte layouts mirror `bpf/include/filter.h` (`abi.test.ts` compares them).
 */
import {
  EVENT_TYPES as ALL_EVENT_TYPES,
  APPROVER_ANCESTOR,
  APPROVER_BASENAME,
  APPROVER_DESTINATION,
  APPROVER_PATH,
  type Approver,
  type ApproverKind,
  EVENT_TYPE_MAX,
  eventTypeByName,
  type FlagMask,
  nameHash,
  pathHash,
  type Seeds,
} from "@weir/matcher-wasm/format";

const EVENT_TYPES = EVENT_TYPE_MAX + 1;
const BITMAP_BITS_LOG2 = 18;

/** struct interest: u64 tenants, u64 unfiltered, u32 flags_any, u32 unfiltered_flags_any. */
export const INTEREST_BYTES = 24;
/** struct generation: u32 generation, u32 reserved, interest[EVENT_TYPES], bitmap. */
const INTERESTS = 8;
const BITMAP = INTERESTS + EVENT_TYPES * INTEREST_BYTES;
export const GENERATION_BYTES = BITMAP + (1 << (BITMAP_BITS_LOG2 - 3));

const SLOTS = 2;
const WANTED = 8 + 4 * SLOTS;
/** struct active: u32 slot, generation[2], reserved, u64 wanted[EVENT_TYPES][2]. */
export const ACTIVE_BYTES = WANTED + EVENT_TYPES * SLOTS * 8;
/** WANTED_ANYWAY: events of the type are wanted whatever their flags. */
const WANTED_ANYWAY = 1n << 32n;

/** struct approver_key: u64 hash, u32 kind, u32 type. */
export const APPROVER_KEY_BYTES = 16;
/** struct approver: u64 tenants, u32 flags_any, u32 reserved. */
export const APPROVER_BYTES = 16;

/** struct discarder_key: u64 directory, u32 type, u32 reserved. */
export const DISCARDER_KEY_BYTES = 16;

/** struct identity_key: u64 inode, u32 dev, u32 nth. */
export const IDENTITY_KEY_BYTES = 16;
/** struct identity_path, its NUL included. */
export const IDENTITY_PATH_BYTES = 512;
/** Names of one file that are kept. */
export const IDENTITY_NAMES_MAX = 4;

/** The seeds of one tenant and the bit (0 … 63) it has in tenant masks. */
export interface TenantSeeds {
  readonly tenant: number;
  readonly seeds: Seeds;
}

export interface FilterTables {
  readonly generation: number;
  /** By event type: flags of which an event must have one, or WANTED_ANYWAY; 0 for a type that nobody wants. */
  readonly wanted: readonly bigint[];
  /** The one value of the generation map, GENERATION_BYTES long. */
  readonly constants: Uint8Array;
  /** Keys and values of the approver map, in the same order. */
  readonly approvers: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  /** Names of the event types that any tenant wants. */
  readonly types: ReadonlySet<string>;
}

const KINDS: Record<ApproverKind, number> = {
  path: APPROVER_PATH,
  ancestor: APPROVER_ANCESTOR,
  basename: APPROVER_BASENAME,
};

/** Union of conditions: no condition (null, in the kernel 0) absorbs the others. */
function union(a: FlagMask, b: FlagMask): FlagMask {
  return a === null || b === null ? null : a | b;
}

interface MutableInterest {
  tenants: bigint;
  flagsAny: FlagMask;
  unfiltered: bigint;
  unfilteredFlagsAny: FlagMask;
}

function typeId(event: string): number {
  const type = eventTypeByName(event);
  if (!type) throw new RangeError(`seeds name event type ${JSON.stringify(event)}, which this agent does not know`);
  return type.id;
}

function interests(tenants: readonly TenantSeeds[]): Map<number, MutableInterest> {
  const merged = new Map<number, MutableInterest>();
  for (const { tenant, seeds } of tenants) {
    const bit = 1n << BigInt(tenant);
    for (const { event, flagsAny, unfiltered } of seeds.interests) {
      const id = typeId(event);
      const before = merged.get(id) ?? { tenants: 0n, flagsAny: 0, unfiltered: 0n, unfilteredFlagsAny: 0 };
      merged.set(id, {
        tenants: before.tenants | bit,
        flagsAny: union(before.flagsAny, flagsAny),
        unfiltered: unfiltered ? before.unfiltered | bit : before.unfiltered,
        unfilteredFlagsAny: unfiltered
          ? union(before.unfilteredFlagsAny, unfiltered.flagsAny)
          : before.unfilteredFlagsAny,
      });
    }
  }
  return merged;
}

function approverHash({ kind, value }: Approver): bigint {
  return kind === "basename" ? nameHash(new TextEncoder().encode(value)) : pathHash(value);
}

/** Index of an approver's bit; the twin of bitmap_index() in `bpf/lib/filter.h`. */
export function bitmapIndex(key: { hash: bigint; kind: number; type: number }): number {
  const mixed = (key.hash ^ ((BigInt(key.kind) << 32n) | BigInt(key.type))) * 0x9e3779b97f4a7c15n;
  return Number(BigInt.asUintN(64, mixed) >> BigInt(64 - BITMAP_BITS_LOG2));
}

/** Writes what programs look at first of a generation into a slot of struct active, and leaves the other as it is. */
export function fillActive(active: Uint8Array, slot: number, { generation, wanted }: FilterTables): void {
  const view = new DataView(active.buffer, active.byteOffset);
  view.setUint32(4 + 4 * slot, generation, true);
  for (const [type, flags] of wanted.entries()) view.setBigUint64(WANTED + (type * SLOTS + slot) * 8, flags, true);
}

/** Makes a slot of struct active the current one. */
export function switchActive(active: Uint8Array, slot: number): void {
  new DataView(active.buffer, active.byteOffset).setUint32(0, slot, true);
}

/** @throws RangeError when seeds name an event type unknown here */
export function buildTables(generation: number, tenants: readonly TenantSeeds[]): FilterTables {
  const constants = new Uint8Array(GENERATION_BYTES);
  const view = new DataView(constants.buffer);
  const wanted = Array.from({ length: EVENT_TYPES }, () => 0n);
  view.setUint32(0, generation, true);
  for (const [type, interest] of interests(tenants)) {
    const at = INTERESTS + type * INTEREST_BYTES;
    view.setBigUint64(at, interest.tenants, true);
    view.setBigUint64(at + 8, interest.unfiltered, true);
    view.setUint32(at + 16, interest.flagsAny ?? 0, true);
    view.setUint32(at + 20, interest.unfilteredFlagsAny ?? 0, true);
    wanted[type] = interest.flagsAny ? BigInt(interest.flagsAny >>> 0) : WANTED_ANYWAY;
  }

  const values = new Map<string, { key: Uint8Array; tenants: bigint; flagsAny: FlagMask }>();
  for (const { tenant, seeds } of tenants) {
    for (const approver of seeds.approvers) {
      const kind = KINDS[approver.kind] | (approver.slot === "destination" ? APPROVER_DESTINATION : 0);
      const key = { hash: approverHash(approver), kind, type: typeId(approver.event) };
      const bit = bitmapIndex(key);
      view.setUint32(BITMAP + (bit >> 5) * 4, view.getUint32(BITMAP + (bit >> 5) * 4, true) | (1 << (bit & 31)), true);
      const bytes = new Uint8Array(APPROVER_KEY_BYTES);
      const keyView = new DataView(bytes.buffer);
      keyView.setBigUint64(0, key.hash, true);
      keyView.setUint32(8, key.kind, true);
      keyView.setUint32(12, key.type, true);
      const name = `${key.hash}/${key.kind}/${key.type}`;
      const before = values.get(name);
      values.set(name, {
        key: bytes,
        tenants: (before?.tenants ?? 0n) | (1n << BigInt(tenant)),
        flagsAny: before ? union(before.flagsAny, approver.flagsAny) : approver.flagsAny,
      });
    }
  }
  const approvers = [...values.values()].map(({ key, tenants: mask, flagsAny }) => {
    const value = new Uint8Array(APPROVER_BYTES);
    const valueView = new DataView(value.buffer);
    valueView.setBigUint64(0, mask, true);
    valueView.setUint32(8, flagsAny ?? 0, true);
    return { key, value };
  });
  const types = new Set(ALL_EVENT_TYPES.flatMap(({ name, id }) => (wanted[id] === 0n ? [] : [name])));
  return { generation, wanted, constants, approvers, types };
}
