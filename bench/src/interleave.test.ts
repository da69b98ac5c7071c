import { expect, test } from "vitest";
import { interleave, median, spread } from "./interleave.ts";

test("every contender has its rounds, in turns", () => {
  const order: string[] = [];
  const wait = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };
  const contender = (name: string, ms: number) => ({
    units: 10,
    round: () => {
      order.push(name);
      wait(ms);
    },
  });
  const timings = interleave({ slow: contender("slow", 4), fast: contender("fast", 1) }, { budgetMs: 8, roundsMin: 3 });
  expect(order.slice(0, 2)).toEqual(["slow", "fast"]);
  expect(order.filter((name) => name === "slow")).toHaveLength(timings.slow.rounds);
  expect(Math.min(timings.slow.rounds, timings.fast.rounds)).toBeGreaterThanOrEqual(3);
  expect(timings.fast.perUnitNs).toBeGreaterThanOrEqual(100_000);
});

test("a sample is spread over the list", () => {
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7], 3)).toEqual([0, 2, 5]);
  expect(spread([0, 1], 9)).toEqual([0, 1]);
  expect(spread([0, 1], 0.2)).toEqual([0]);
  expect(median([5, 1, 3])).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});
