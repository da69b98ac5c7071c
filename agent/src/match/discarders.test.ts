import type { Seeds } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import type { Discarder } from "../kernel/stage.ts";
import { DiscarderLearner } from "./discarders.ts";
import type { ActiveBundle, Generation } from "./generation.ts";

const OPEN = 1;
const UNLINK = 2;

const seeds = (...types: string[]): Seeds => ({
  format: "weir-seeds/1",
  interests: types.map((event) => ({ event, flagsAny: null, unfiltered: false })),
  approvers: [],
});

/** A bundle that wants these types and proves the directories that it is given. */
function bundle(types: string[], silent: readonly string[]): ActiveBundle {
  const prove = (_: number, directory: Uint8Array): boolean => silent.includes(new TextDecoder().decode(directory));
  return { bundle: { seeds: seeds(...types) }, matcher: { prove } } as unknown as ActiveBundle;
}

function learner(options: { proofsPerSecond?: number; refusalsMax?: number } = {}) {
  const taken: Discarder[] = [];
  const clock = { ms: 0 };
  const discarders = new DiscarderLearner({
    proofsPerSecond: 100,
    refusalsMax: 4,
    ...options,
    now: () => clock.ms,
    prove: ({ matcher }, type, directory) => matcher.prove(type, directory),
    discard: (discarder) => taken.push(discarder) > 0,
  });
  const show = (generation: Generation, directory: string, type = OPEN): void => {
    const directoryKey = BigInt(directory.length);
    const bytes = new TextEncoder().encode(directory);
    discarders.consider({ generation: generation.number, directoryKey, type, directory: bytes }, generation);
  };
  return { discarders, taken, clock, show };
}

test("every bundle that wants the type has to prove it, and only those", () => {
  const { taken, show } = learner();
  const all: Generation = {
    number: 3,
    bundles: [bundle(["open"], ["/a", "/bb"]), bundle(["open", "unlink"], ["/a"]), bundle(["unlink"], [])],
  };
  show(all, "/a");
  show(all, "/bb");
  show(all, "/a", UNLINK);
  expect(taken).toMatchObject([{ generation: 3, directoryKey: 2n, type: OPEN }]);
});

test("a type that nobody wants is not proven by nobody", () => {
  const { taken, show } = learner();
  show({ number: 1, bundles: [bundle(["open"], ["/a"])] }, "/a", UNLINK);
  expect(taken).toEqual([]);
});

test("what was refused is not asked again, until it is forgotten or the generation is another", () => {
  const { discarders, taken, show } = learner({ refusalsMax: 2 });
  const none: Generation = { number: 1, bundles: [bundle(["open"], [])] };
  show(none, "/a");
  show(none, "/a");
  expect(discarders.counters.proofs).toBe(1);
  for (const directory of ["/bb", "/ccc", "/a"]) show(none, directory);
  expect(discarders.counters.proofs).toBe(4);
  show({ number: 2, bundles: [bundle(["open"], ["/a"])] }, "/a");
  expect(taken).toHaveLength(1);
});

test("no more proofs a second than allowed", () => {
  const { discarders, clock, show } = learner({ proofsPerSecond: 2 });
  const generation: Generation = { number: 1, bundles: [bundle(["open"], [])] };
  for (const directory of ["/a", "/bb", "/ccc"]) show(generation, directory);
  expect(discarders.counters).toMatchObject({ proofs: 2, deferred: 1 });
  clock.ms = 500;
  show(generation, "/ccc");
  expect(discarders.counters).toMatchObject({ proofs: 3, deferred: 1 });
});
