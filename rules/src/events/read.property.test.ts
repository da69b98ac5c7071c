import fc from "fast-check";
import { expect, test } from "vitest";
import { eventOf, eventTypeName } from "../../test/arbitraries.ts";
import type { EventFields } from "../evaluate.ts";
import { parseEvent } from "./index.ts";

/** Integers as bigint, whatever they were. */
const normal = (fields: EventFields): object =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(single) : single(value)]),
  );
const single = (value: unknown): unknown => (typeof value === "number" ? BigInt(value) : value);

/** Integers beyond 2^53 as digits, which JSON.stringify refuses. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `int ${inner}` : inner)).replace(
    /"int (-?\d+)"/g,
    "$1",
  );

test("any event, written as JSON, reads as itself", () => {
  fc.assert(
    fc.property(eventTypeName.chain(eventOf), ({ type, fields }) => {
      const event = parseEvent(json({ type, ...fields }));
      expect(event.type).toBe(type);
      expect(normal(event.fields)).toEqual(normal(fields));
    }),
    { numRuns: 300 },
  );
});
