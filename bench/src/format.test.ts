import { expect, test } from "vitest";
import { formatResult, toJson } from "./format.ts";

test("figures are aligned, records indented, lists of records tables", () => {
  const result = {
    events: 1_000_000,
    perEventNs: 123.456789,
    loss: { ring: 0n },
    byRules: [{ rules: 10, perEventNs: 80.25 }, { rules: 10_000 }],
    note: "warm",
  };
  expect(formatResult(result)).toEqual([
    "events      1000000",
    "perEventNs  123.5",
    "loss",
    "  ring  0",
    "byRules",
    "  rules  perEventNs",
    "     10       80.25",
    "  10000            ",
    "note        warm",
  ]);
});

test("JSON keeps the digits of big integers", () => {
  expect(toJson({ small: 5n, big: 2n ** 63n })).toBe('{"small":5,"big":"9223372036854775808"}');
});
