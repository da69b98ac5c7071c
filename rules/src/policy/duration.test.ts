import { expect, test } from "vitest";
import { DURATION_NS_MAX, durationOfNs, parseDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["1ns", 1],
  ["3us", 3_000],
  ["3µs", 3_000],
  ["3μs", 3_000],
  ["250ms", 250_000_000],
  ["10s", 10_000_000_000],
  ["+5m", 300_000_000_000],
  ["5m", 300_000_000_000],
  ["1m30s", 90_000_000_000],
  ["1h15m30.918s", 4_530_918_000_000],
  ["1.5h", 5_400_000_000_000],
  [".5s", 500_000_000],
  ["1.s", 1_000_000_000],
  ["1.9999999999s", 1_999_999_999],
  ["2501h", 9_003_600_000_000_000],
])("%s", (text, ns) => {
  expect(parseDuration(text)).toEqual({ ns });
});

test.each([
  ["", "is no duration"],
  ["10", "has no unit"],
  ["-10", "has no unit"],
  ["-10s", "is negative"],
  [".s", "is no duration"],
  ["s", "is no duration"],
  ["+", "is no duration"],
  ["10 s", "is no duration"],
  ["10s5", "is no duration"],
  ["10S", "is no duration"],
  ["1h2x", "has an unknown unit `x`"],
  ["2d", "has an unknown unit `d`"],
  ["2503h", "is 2503 hours: at most 2501 hours are allowed"],
  [`${"9".repeat(60)}s`, "at most 2501 hours are allowed"],
  ["1s".repeat(40), "has 80 characters"],
])("no duration: %s", (text, problem) => {
  expect(parseDuration(text)).toMatchObject({ problem: expect.stringContaining(problem) });
});

test("days have a hint", () => expect(parseDuration("2d")).toMatchObject({ hint: "write days as hours: `48h`" }));

test("numbers are nanoseconds", () => {
  expect(durationOfNs(1e9)).toEqual({ ns: 1e9 });
  expect(durationOfNs(DURATION_NS_MAX)).toEqual({ ns: DURATION_NS_MAX });
  for (const ns of [-1, 0.5, 1e18, Number.POSITIVE_INFINITY, Number.NaN])
    expect(durationOfNs(ns), String(ns)).toHaveProperty("problem");
});
