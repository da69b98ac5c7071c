import { expect, test } from "vitest";
import { Clock } from "./clock.ts";

const SECOND = 1_000_000_000n;

test("times of records in the time of day", () => {
  let [boot, epochMs] = [10n * SECOND, 1_000_000];
  const clock = new Clock(
    () => boot,
    () => epochMs,
  );
  expect(clock.epochNs(9n * SECOND)).toBe(999n * SECOND);
  // Milliseconds that are cut off change nothing.
  [boot, epochMs] = [12n * SECOND + 900_000n, 1_002_000];
  expect(clock.epochNs(9n * SECOND)).toBe(999n * SECOND);
  // Somebody set the clock an hour forward.
  [boot, epochMs] = [14n * SECOND, 4_604_000];
  expect(clock.epochNs(9n * SECOND)).toBe(4_599n * SECOND);
});
