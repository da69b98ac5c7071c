import { expect, test } from "vitest";
import { COUNTER_NAMES, type TypeCounters } from "./kernel/counters.ts";
import { type LossCounters, LossLedger, type LossLook, lostEvents } from "./losses.ts";

const NONE = Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as TypeCounters;

function counters(kernel: Record<string, Partial<TypeCounters>>, rest: Partial<LossCounters> = {}): LossCounters {
  const types = ["open", "chmod", "fork"].map((type) => [type, { ...NONE, ...kernel[type] }]);
  return {
    kernel: Object.fromEntries(types),
    missedRuns: 0,
    pipeline: { unjudged: 0, malformed: 0, broken: 0 },
    ...rest,
  };
}

function generation(number: number, tenants: Record<string, readonly string[]>): LossLook["generations"][number] {
  const bundles = Object.entries(tenants).map(([tenant, events]) => ({
    bundle: { manifest: { tenant }, seeds: { interests: events.map((event) => ({ event })) } },
  }));
  return { number, bundles };
}

const OPENS = generation(1, { acme: ["open"], globex: ["chmod"] });

test("what was lost since the last look: types, causes, span, and whose rules are about it", () => {
  const ledger = new LossLedger({ host: "h", nowMs: 0 });
  expect(ledger.look({ counters: counters({}), generations: [OPENS], nowMs: 5000 })).toBeUndefined();
  const lost = counters({
    open: { seen: 9, passed: 2, lostRingFull: 4, lostUnreadable: 1 },
    fork: { lostRingFull: 3 },
  });
  const event = ledger.look({ counters: lost, generations: [OPENS], nowMs: 6000 });
  expect(event).toEqual({
    id: expect.any(String),
    time: "1970-01-01T00:00:06.000Z",
    host: "h",
    event: { type: "loss" },
    loss: {
      from: "1970-01-01T00:00:05.000Z",
      to: "1970-01-01T00:00:06.000Z",
      events: 8,
      types: [
        {
          type: "open",
          events: 5,
          causes: { "ring full": 4, unreadable: 1 },
          watched_by: [{ generation: 1, tenants: ["acme"] }],
        },
        { type: "fork", events: 3, causes: { "ring full": 3 }, watched_by: [] },
      ],
      watched_paths_affected: true,
      lineage_incomplete: true,
    },
  });
  expect(ledger.look({ counters: lost, generations: [OPENS], nowMs: 7000 })).toBeUndefined();
});

test("a type that no rule is about does not affect what is watched; a loss without a type affects everybody", () => {
  const ledger = new LossLedger({ host: "h", nowMs: 0 });
  const generations = [generation(1, { acme: ["open"] })];
  const chmod = { chmod: { lostNoScratch: 1 } };
  const first = ledger.look({ counters: counters(chmod), generations, nowMs: 1000 });
  expect(first?.loss).toMatchObject({ watched_paths_affected: false, lineage_incomplete: false });
  const missed = counters(chmod, { missedRuns: 2, pipeline: { unjudged: 1, malformed: 0, broken: 0 } });
  const second = ledger.look({ counters: missed, generations, nowMs: 2000 });
  expect(second?.loss).toMatchObject({ watched_paths_affected: true, lineage_incomplete: true });
  expect(second?.loss.types).toEqual([
    {
      type: "unknown",
      events: 3,
      causes: { "program left out": 2, "unknown generation": 1 },
      watched_by: [{ generation: 1, tenants: ["acme"] }],
    },
  ]);
  expect(lostEvents(missed)).toBe(4);
});

test("at most one event in a second; what comes in between is carried on, and the last look tells it all", () => {
  const ledger = new LossLedger({ host: "h", nowMs: 0 });
  const look = (lostRingFull: number, nowMs: number, isLast = false) =>
    ledger.look({ counters: counters({ open: { lostRingFull } }), generations: [OPENS], nowMs, isLast })?.loss;
  expect(look(1, 1000)).toMatchObject({ events: 1 });
  expect(look(3, 1400)).toBeUndefined();
  expect(look(6, 1999)).toBeUndefined();
  expect(look(7, 2000)).toMatchObject({ events: 6, from: "1970-01-01T00:00:01.000Z" });
  expect(look(9, 2100)).toBeUndefined();
  expect(look(10, 2200, true)).toMatchObject({ events: 3, from: "1970-01-01T00:00:02.000Z" });
  // The clock is set back.
  expect(look(11, 500)).toMatchObject({ events: 1 });
});

test("generations that began and ended between two looks count as well, those from before do not", () => {
  const ledger = new LossLedger({ host: "h", nowMs: 0 });
  ledger.look({ counters: counters({}), generations: [generation(1, { acme: ["open"] })], nowMs: 1000 });
  ledger.begins(generation(2, { acme: ["open"], globex: ["open"] }));
  const third = [generation(3, { globex: ["open"] })];
  const watchers = (lostRingFull: number, nowMs: number) =>
    ledger.look({ counters: counters({ open: { lostRingFull } }), generations: third, nowMs })?.loss.types[0]
      ?.watched_by;
  expect(watchers(1, 2000)).toEqual([
    { generation: 1, tenants: ["acme"] },
    { generation: 2, tenants: ["acme", "globex"] },
    { generation: 3, tenants: ["globex"] },
  ]);
  expect(watchers(2, 3000)).toEqual([{ generation: 3, tenants: ["globex"] }]);
});
