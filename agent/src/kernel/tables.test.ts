import { nameHash, pathHash, type Seeds } from "@weir/matcher-wasm/format";
import { describe, expect, test } from "vitest";
import {
  ACTIVE_BYTES,
  bitmapIndex,
  buildTables,
  type FilterTables,
  fillActive,
  GENERATION_BYTES,
  switchActive,
} from "./tables.ts";

const seeds = (parts: Partial<Seeds>): Seeds => ({ format: "weir-seeds/1", interests: [], approvers: [], ...parts });

function interest(tables: FilterTables, type: number) {
  const view = new DataView(tables.constants.buffer, 8 + type * 24, 24);
  return {
    tenants: view.getBigUint64(0, true),
    unfiltered: view.getBigUint64(8, true),
    flagsAny: view.getUint32(16, true),
    unfilteredFlagsAny: view.getUint32(20, true),
  };
}

function approver(tables: FilterTables, key: { hash: bigint; kind: number; type: number }) {
  const found = tables.approvers.find((entry) => {
    const view = new DataView(entry.key.buffer);
    return (
      view.getBigUint64(0, true) === key.hash &&
      view.getUint32(8, true) === key.kind &&
      view.getUint32(12, true) === key.type
    );
  });
  if (!found) return undefined;
  const view = new DataView(found.value.buffer);
  return { tenants: view.getBigUint64(0, true), flagsAny: view.getUint32(8, true) };
}

function bitIsSet(tables: FilterTables, index: number): boolean {
  const byte = tables.constants[8 + 64 * 24 + (index >> 3)] as number;
  return (byte & (1 << (index & 7))) !== 0;
}

const OPEN = 1;
const RENAME = 3;

describe("buildTables", () => {
  test("the number of the generation and the size the kernel expects", () => {
    const { constants, generation } = buildTables(7, []);
    expect(constants.length).toBe(GENERATION_BYTES);
    expect(new DataView(constants.buffer).getUint32(0, true)).toBe(7);
    expect(generation).toBe(7);
  });

  test("flag conditions of tenants are united, and no condition absorbs the others", () => {
    const write = seeds({ interests: [{ event: "open", flagsAny: 0o3, unfiltered: false }] });
    const create = seeds({ interests: [{ event: "open", flagsAny: 0o100, unfiltered: false }] });
    const any = seeds({ interests: [{ event: "open", flagsAny: null, unfiltered: false }] });
    const tenants = [
      { tenant: 0, seeds: write },
      { tenant: 5, seeds: create },
    ];
    expect(interest(buildTables(1, tenants), OPEN)).toEqual({
      tenants: 0b100001n,
      unfiltered: 0n,
      flagsAny: 0o103,
      unfilteredFlagsAny: 0,
    });
    expect(interest(buildTables(1, [...tenants, { tenant: 63, seeds: any }]), OPEN).flagsAny).toBe(0);
  });

  test("what programs look at first: wanted flags by type, in the slot of the generation alone", () => {
    const of = (flagsAny: number | null): Seeds =>
      seeds({ interests: [{ event: "open", flagsAny, unfiltered: false }] });
    const active = new Uint8Array(ACTIVE_BYTES);
    const view = new DataView(active.buffer);
    fillActive(active, 0, buildTables(7, [{ tenant: 0, seeds: of(null) }]));
    fillActive(active, 1, buildTables(8, [{ tenant: 0, seeds: of(0o3) }]));
    switchActive(active, 1);
    expect([0, 4, 8].map((at) => view.getUint32(at, true))).toEqual([1, 7, 8]);
    const wanted = (type: number) => [0, 1].map((slot) => view.getBigUint64(16 + (type * 2 + slot) * 8, true));
    expect(wanted(OPEN)).toEqual([1n << 32n, 0o3n]);
    expect(wanted(RENAME)).toEqual([0n, 0n]);
    fillActive(active, 0, buildTables(9, []));
    expect(wanted(OPEN)).toEqual([0n, 0o3n]);
  });

  test("an unfiltered interest concerns its tenant alone", () => {
    const unfiltered = seeds({ interests: [{ event: "open", flagsAny: 0o3, unfiltered: { flagsAny: 0o1 } }] });
    const filtered = seeds({ interests: [{ event: "open", flagsAny: 0o2, unfiltered: false }] });
    const tables = buildTables(1, [
      { tenant: 1, seeds: unfiltered },
      { tenant: 2, seeds: filtered },
    ]);
    expect(interest(tables, OPEN)).toMatchObject({ tenants: 0b110n, unfiltered: 0b10n, unfilteredFlagsAny: 0o1 });
  });

  test("approvers of two tenants share a key and keep both masks", () => {
    const of = (flagsAny: number | null): Seeds =>
      seeds({ approvers: [{ event: "open", kind: "path", slot: "file", value: "/etc/passwd", flagsAny }] });
    const key = { hash: pathHash("/etc/passwd"), kind: 1, type: OPEN };
    const tables = buildTables(1, [
      { tenant: 0, seeds: of(0o1) },
      { tenant: 1, seeds: of(0o2) },
    ]);
    expect(tables.approvers).toHaveLength(1);
    expect(approver(tables, key)).toEqual({ tenants: 0b11n, flagsAny: 0o3 });
    expect(bitIsSet(tables, bitmapIndex(key))).toBe(true);
    const open = buildTables(1, [
      { tenant: 0, seeds: of(0o1) },
      { tenant: 1, seeds: of(null) },
    ]);
    expect(approver(open, key)?.flagsAny).toBe(0);
  });

  test("the destination path has keys of its own", () => {
    const tables = buildTables(1, [
      {
        tenant: 0,
        seeds: seeds({
          approvers: [{ event: "rename", kind: "basename", slot: "destination", value: "shadow", flagsAny: null }],
        }),
      },
    ]);
    const hash = nameHash(new TextEncoder().encode("shadow"));
    expect(approver(tables, { hash, kind: 3 | 8, type: RENAME })).toBeDefined();
    expect(approver(tables, { hash, kind: 3, type: RENAME })).toBeUndefined();
  });

  test("an unknown event type is refused by name", () => {
    const unknown = seeds({ interests: [{ event: "teleport", flagsAny: null, unfiltered: false }] });
    expect(() => buildTables(1, [{ tenant: 0, seeds: unknown }])).toThrow(/"teleport"/);
  });
});
