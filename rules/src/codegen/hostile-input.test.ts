/** Whatever lies in the input or the context region: a matcher never traps, never hangs, never invents. */
import {
  CONTEXT_BYTES,
  encodeSpan,
  FILE_DEST_LEN,
  FILE_PATH_LEN,
  INPUT_BYTES,
  RECORD_HEADER_BYTES,
  RECORD_SIZE,
  RECORD_TYPE,
  RING_HEADER_BYTES,
  ringRecords,
} from "@weir/matcher-wasm/format";
import { admitModule, Matcher } from "@weir/matcher-wasm/host";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { eventOf, exprOf } from "../../test/arbitraries.ts";
import { checkedRules, encodeStamped, link } from "../../test/linked.ts";

const TYPES = ["open", "unlink", "rename", "chmod", "exec"];
const RULES_PER_TYPE = 24;
const GENERATION = 0x01010101;

/** A fixed set of rules of all types, so that every kind of leaf and index key is met. */
const rules = TYPES.flatMap((type, i) =>
  checkedRules(type, fc.sample(exprOf(type), { numRuns: RULES_PER_TYPE, seed: 1 + i })),
);

describe("a matcher", { timeout: 60_000 }, () => {
  let bytes: Uint8Array;
  let matcher: Matcher;

  beforeAll(async () => {
    bytes = link(rules);
    matcher = await Matcher.load(bytes);
  });

  /** Every verdict is about a record of the span, and each pair of record and rule occurs once. */
  const judge = (span: Uint8Array): void => {
    matcher.input.set(span);
    const verdicts = matcher.matchBatch({ length: span.length, generation: GENERATION, tenant: 0 });
    const offsets = new Set([...ringRecords(span)].map(({ offset }) => offset));
    expect(verdicts.filter((verdict) => !offsets.has(verdict.recordOffset))).toEqual([]);
    expect(verdicts.filter(({ rule }) => rule >= rules.length)).toEqual([]);
    expect(new Set(verdicts.map((verdict) => verdict.recordOffset * rules.length + verdict.rule)).size).toBe(
      verdicts.length,
    );
    expect(matcher.consumed).toBeLessThanOrEqual(span.length);
  };

  const stamped = fc
    .constantFrom(...TYPES)
    .chain((type) => eventOf(type))
    .map((event) => encodeStamped({ ...event, stamp: { generation: GENERATION, tenants: 1n } }));

  it("walks arbitrary bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), judge), { numRuns: 1000 });
  });

  it("walks records whose bytes have been changed", () => {
    const change = fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(stamped, { minLength: 1, maxLength: 4 }), fc.array(change), (records, changes) => {
        const span = encodeSpan(records);
        for (const [at, value] of changes) span[at % span.length] = value;
        judge(span);
      }),
      { numRuns: 1000 },
    );
  });

  it("walks records that lie about their lengths", () => {
    const length = fc.oneof(fc.nat({ max: 0xffff }), fc.constantFrom(4095, 4096, 0xffff));
    fc.assert(
      fc.property(stamped, length, length, fc.nat({ max: 0xffffffff }), (record, path, destination, size) => {
        const span = encodeSpan([record, record]);
        const view = new DataView(span.buffer);
        view.setUint16(RING_HEADER_BYTES + FILE_PATH_LEN, path, true);
        view.setUint16(RING_HEADER_BYTES + FILE_DEST_LEN, destination, true);
        judge(span);
        view.setUint32(RING_HEADER_BYTES + RECORD_SIZE, size, true);
        judge(span);
      }),
      { numRuns: 500 },
    );
  });

  it("counts malformed records and judges the others", () => {
    const [good] = fc.sample(stamped, { numRuns: 1, seed: 1 }) as [Uint8Array];
    const view = new DataView(good.buffer);
    const lying = (offset: number, length: number): Uint8Array => {
      const bad = good.slice();
      new DataView(bad.buffer).setUint16(offset, length, true);
      return bad;
    };
    const padded = (length: number): number => (length + 7) & ~7;
    const bad = [
      lying(FILE_PATH_LEN, 0xffff),
      // One byte more than the padding holds, so that the paths end one word behind the record.
      lying(FILE_PATH_LEN, padded(view.getUint16(FILE_PATH_LEN, true)) + 1),
      lying(FILE_DEST_LEN, padded(view.getUint16(FILE_DEST_LEN, true)) + 1),
      new Uint8Array(RECORD_HEADER_BYTES - 8),
    ];
    judge(encodeSpan([...bad, good]));
    expect(matcher.malformed).toBe(bad.length);
    judge(encodeSpan([good]));
    expect(matcher.malformed).toBe(0);
  });

  it("reads nothing behind an input that is full to the end", () => {
    const [record] = fc.sample(stamped, { numRuns: 1, seed: 2 }) as [Uint8Array];
    const span = new Uint8Array(INPUT_BYTES).fill(0xff);
    const count = Math.floor(INPUT_BYTES / (record.length + RING_HEADER_BYTES));
    span.set(encodeSpan(Array.from({ length: count }, () => record)));
    judge(span);
    // The last header of the region claims a record that would go on behind it.
    new DataView(span.buffer).setUint32(INPUT_BYTES - RING_HEADER_BYTES, 8, true);
    judge(span);
  });

  it("judges any offset with any context block", async () => {
    const { exports, input, context } = await admitModule(bytes);
    const memory = new Uint8Array(exports.memory.buffer);
    const block = fc.oneof(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 600, max: 2 }));
    fc.assert(
      fc.property(stamped, block, fc.nat({ max: INPUT_BYTES }), (record, bytesOfBlock, offset) => {
        memory.fill(0xff, context, context + CONTEXT_BYTES);
        memory.set(bytesOfBlock, context);
        memory.set(encodeSpan([record]), input);
        for (const at of [RING_HEADER_BYTES, offset, -1]) {
          const count = exports.match_context(at);
          expect(count).toBeGreaterThanOrEqual(0);
          expect(count).toBeLessThanOrEqual(rules.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("skips process records and event types that it does not know", () => {
    const [record] = fc.sample(stamped, { numRuns: 1, seed: 3 }) as [Uint8Array];
    for (const type of [0, 16, 31, 32, 35, 63, 64, 0xffff]) {
      const other = record.slice();
      new DataView(other.buffer).setUint16(RECORD_TYPE, type, true);
      const span = encodeSpan([other]);
      matcher.input.set(span);
      expect(matcher.matchBatch({ length: span.length, generation: GENERATION, tenant: 0 })).toEqual([]);
      expect(matcher.malformed).toBe(0);
    }
  });
});
