import { expect, test } from "vitest";
import type { ActiveBundle } from "./generation.ts";
import { SpentRules } from "./spent.ts";

const [one, other] = [{}, {}] as ActiveBundle[] as [ActiveBundle, ActiveBundle];

test("what has matched an operation is known by thread, time and bundle", () => {
  const spent = new SpentRules();
  spent.add({ tid: 1, timeNs: 5n }, one, [1, 2]);
  spent.add({ tid: 1, timeNs: 5n }, one, [7]);
  expect([...(spent.of({ tid: 1, timeNs: 5n }, one) ?? [])]).toEqual([1, 2, 7]);
  for (const [operation, bundle] of [
    [{ tid: 2, timeNs: 5n }, one],
    [{ tid: 1, timeNs: 6n }, one],
    [{ tid: 1, timeNs: 5n }, other],
  ] as const)
    expect(spent.of(operation, bundle)).toBeUndefined();
});

test("memory is bounded: the oldest operation goes", () => {
  const spent = new SpentRules();
  for (let timeNs = 0n; timeNs <= 4096n; timeNs++) spent.add({ tid: 1, timeNs }, one, [0]);
  expect(spent.of({ tid: 1, timeNs: 0n }, one)).toBeUndefined();
  expect(spent.of({ tid: 1, timeNs: 1n }, one)).toBeDefined();
});
