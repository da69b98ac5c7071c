/** The linked matcher says what the reference evaluator says, on records as the kernel stage writes them. */
import {
  encodeSpan,
  type Field,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_DEST_TRUNCATED,
  FLAG_PATH_TRUNCATED,
  findField,
  RING_HEADER_BYTES,
  ringFootprint,
} from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventOf, eventTypeName, exprOf, rulesAndEvents } from "../../test/arbitraries.ts";
import {
  checkedRules,
  contextOf,
  encodeStamped,
  expectedVerdicts,
  loadRules,
  type StampedEvent,
} from "../../test/linked.ts";
import { completeEvent } from "../event.ts";
import type { CheckedRule } from "../ir.ts";

/** Each run links a module; the deep search is the fuzzer's. */
const TIMEOUT_MS = 60_000;

const GENERATION = 7;
const TENANT = 5;

const stamp = fc.record({
  generation: fc.constantFrom(GENERATION, GENERATION, GENERATION, 6, 0xffffffff),
  tenants: fc.constantFrom(1n << BigInt(TENANT), 0xffffffffffffffffn, 1n << 63n, 0n),
  flags: fc.constantFrom(
    0,
    0,
    0,
    FLAG_PATH_TRUNCATED,
    FLAG_DEST_TRUNCATED,
    FLAG_PATH_TRUNCATED | FLAG_DEST_TRUNCATED,
    FLAG_ATTRIBUTES_UNKNOWN,
  ),
});
const fate = fc.constantFrom("kept", "kept", "kept", "discarded");

const mine = ({ stamp }: StampedEvent): boolean =>
  stamp.generation === GENERATION && ((stamp.tenants ?? 0n) & (1n << BigInt(TENANT))) !== 0n;

/** Judges the events in one span and compares every one with the evaluator. */
async function compare(
  rules: readonly CheckedRule[],
  events: readonly (StampedEvent & { readonly discarded?: boolean })[],
): Promise<void> {
  const matcher = await loadRules(rules);
  const records = events.map(encodeStamped);
  const span = encodeSpan(records.map((record, i) => ({ record, discarded: events[i]?.discarded === true })));
  matcher.input.set(span);
  const verdicts = matcher.matchBatch({ length: span.length, generation: GENERATION, tenant: TENANT });
  expect(matcher.consumed).toBe(span.length);
  expect(matcher.malformed).toBe(0);
  let at = 0;
  for (const [i, event] of events.entries()) {
    const recordOffset = at + RING_HEADER_BYTES;
    at += ringFootprint((records[i] as Uint8Array).length);
    const here = verdicts.filter((verdict) => verdict.recordOffset === recordOffset);
    const sorted = (candidate: boolean) =>
      here
        .filter((verdict) => verdict.candidate === candidate)
        .map((verdict) => verdict.rule)
        .sort((a, b) => a - b);
    if (!mine(event) || event.discarded === true) {
      expect(here).toEqual([]);
      continue;
    }
    const expected = expectedVerdicts(rules, event);
    expect({ final: sorted(false), candidates: sorted(true) }).toEqual({
      final: expected.final,
      candidates: expected.candidates,
    });
    const final = matcher.matchContext(recordOffset, contextOf(matcher, event)).sort((a, b) => a - b);
    expect(final).toEqual(expected.withContext);
  }
}

describe("a linked matcher", { timeout: TIMEOUT_MS }, () => {
  it("equals the evaluator on random rules and events, truncated, foreign and discarded ones among them", async () => {
    await fc.assert(
      fc.asyncProperty(
        rulesAndEvents({ rulesMax: 8, eventsMax: 6 }),
        fc.array(fc.tuple(stamp, fate), { minLength: 6, maxLength: 6 }),
        async ({ type, exprs, events }, fates) => {
          const stamped = events.map((event, i) => {
            const [eventStamp, eventFate] = fates[i] as (typeof fates)[number];
            return { ...event, stamp: eventStamp, discarded: eventFate === "discarded" };
          });
          await compare(checkedRules(type, exprs), stamped);
        },
      ),
      { numRuns: 120 },
    );
  });

  it("keeps the rules of several event types apart", async () => {
    const typed = eventTypeName.chain((type) =>
      fc.record({ type: fc.constant(type), expr: exprOf(type), event: eventOf(type) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(typed, { minLength: 2, maxLength: 8 }), async (all) => {
        const rules = all.flatMap(({ type, expr }) => checkedRules(type, [expr]));
        await compare(
          rules,
          all.map(({ event }) => ({ ...event, stamp: { generation: GENERATION, tenants: 1n << BigInt(TENANT) } })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("loses nothing to the index when a path is not what the kernel stage promises", async () => {
    const odd = fc.constantFrom("", "etc/a", "/etc/", "//", "/a//b", "/a/../b", "/./a", "/..", "a", "/a/b/.");
    await fc.assert(
      fc.asyncProperty(
        rulesAndEvents({ rulesMax: 8, eventsMax: 3 }),
        odd,
        fc.constantFrom("file.path", "file.destination.path"),
        async ({ type, exprs, events }, path, slot) => {
          const stamped = events.map((event) => {
            const derived = ["basename", "extension", "pathLength", "nameLength"];
            const given = Object.entries(event.fields).filter(
              ([name]) => !derived.includes(findField(name)?.source.from ?? ""),
            );
            return {
              type,
              fields: completeEvent(type, { ...Object.fromEntries(given), [`${type}.${slot}`]: path }),
              stamp: { generation: GENERATION, tenants: 1n << BigInt(TENANT) },
            };
          });
          await compare(checkedRules(type, exprs), stamped);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each(["", "etc/a", "/etc/", "//", "/a//b", "/a/../b", "/./a", "/..", "/a/."])(
    "finds the rule that names the path %j, which no key can",
    async (path) => {
      const named = (name: string): CheckedRule => ({
        id: name,
        event: "rename",
        expr: {
          kind: "string",
          field: findField(name) as Field,
          tests: [path, "/keyed"].map((value) => ({ kind: "equals", value })),
          negated: false,
        },
      });
      const rules = [named("rename.file.path"), named("rename.file.destination.path")];
      const stamp = { generation: GENERATION, tenants: 1n << BigInt(TENANT) };
      await compare(
        rules,
        ["rename.file.path", "rename.file.destination.path"].map((name) => ({
          type: "rename",
          fields: { "rename.file.path": "/a", "rename.file.destination.path": "/b", [name]: path },
          stamp,
        })),
      );
    },
  );

  it("counts a context value that is not known as true", async () => {
    await fc.assert(
      fc.asyncProperty(rulesAndEvents({ rulesMax: 6, eventsMax: 2 }), async ({ type, exprs, events }) => {
        const rules = checkedRules(type, exprs);
        const matcher = await loadRules(rules);
        for (const event of events) {
          const record = encodeStamped({ ...event, stamp: {} });
          matcher.input.set(encodeSpan([record]));
          const nothing = matcher.description.context.map(() => null);
          const found = matcher.matchContext(RING_HEADER_BYTES, nothing).sort((a, b) => a - b);
          expect(found).toEqual(expectedVerdicts(rules, { ...event, stamp: {} }).candidates);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("hands over more verdicts than the output holds, in several rounds", async () => {
    const everything: CheckedRule = { id: "all", event: "open", expr: { kind: "const", value: true } };
    const rules = Array.from({ length: 5000 }, (_, i) => ({ ...everything, id: `all${i}` }));
    const matcher = await loadRules(rules);
    const event = { type: "open", fields: { "open.file.path": "/a" }, stamp: { generation: 1, tenants: 1n } };
    const span = encodeSpan(Array.from({ length: 20 }, () => encodeStamped(event)));
    matcher.input.set(span);
    const verdicts = matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 });
    expect(verdicts.length).toBe(20 * 5000);
    expect(new Set(verdicts.map((v) => v.recordOffset)).size).toBe(20);
    expect(matcher.consumed).toBe(span.length);
  });

  it("stops at a record that is not yet committed and says where", async () => {
    const matcher = await loadRules([{ id: "all", event: "open", expr: { kind: "const", value: true } }]);
    const record = encodeStamped({ type: "open", fields: {}, stamp: { generation: 1, tenants: 1n } });
    const span = encodeSpan([record, { record, discarded: true }, { record, busy: true }, record]);
    matcher.input.set(span);
    const verdicts = matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 });
    expect(verdicts).toEqual([{ recordOffset: RING_HEADER_BYTES, rule: 0, candidate: false }]);
    expect(matcher.consumed).toBe(2 * ringFootprint(record.length));
  });

  it("looks long lists up instead of comparing them", async () => {
    const field = findField("open.file.path");
    if (field === undefined) throw new Error("no such field");
    const paths = Array.from({ length: 500 }, (_, i) => `/srv/data/${i}/file`);
    const rule = (count: number): CheckedRule => ({
      id: `r${count}`,
      event: "open",
      expr: {
        kind: "string",
        field,
        tests: paths.slice(0, count).map((value) => ({ kind: "equals", value })),
        negated: true,
      },
    });
    const matcher = await loadRules([rule(500)]);
    const judge = (path: string): number => {
      const fields = { "open.file.path": path };
      const span = encodeSpan([encodeStamped({ type: "open", fields, stamp: { generation: 1, tenants: 1n } })]);
      matcher.input.set(span);
      return matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 }).length;
    };
    for (const path of paths) expect(judge(path)).toBe(0);
    expect(judge("/srv/data/500/file")).toBe(1);
  });
});
