import type { Bundle } from "@weir/trust";
import { expect, test } from "vitest";
import { BrokenBundleError, Placement } from "./placement.ts";

const bundle = (tenant: string, digest: string): Bundle => ({ digest, manifest: { tenant } }) as Bundle;

/** What a set of bundles comes to; `refuses` are digests that the engine does not admit. */
function activate(placement: Placement, bundles: readonly Bundle[], refuses: readonly string[] = []): string[] {
  const { placed, refused } = placement.place(bundles);
  const notAdmitted = placed
    .filter(({ bundle: { digest } }) => refuses.includes(digest))
    .map(({ bundle: { manifest } }) => ({ tenant: manifest.tenant, error: new Error("no matcher") }));
  const generation = placement.settle(placement.generations.length + 1, placed, notAdmitted);
  placement.begin(generation);
  for (const { error } of refused) expect(error).toBeInstanceOf(BrokenBundleError);
  return placement.active.map(({ slot, bundle: { digest } }) => `${slot} ${digest}`);
}

test("a tenant keeps its place, and what a tenant leaves is free for others", () => {
  const placement = new Placement();
  expect(activate(placement, [bundle("a", "a1"), bundle("b", "b1")])).toEqual(["0 a1", "1 b1"]);
  expect(activate(placement, [bundle("b", "b2")])).toEqual(["1 b2"]);
  expect(activate(placement, [bundle("c", "c1"), bundle("b", "b2")])).toEqual(["0 c1", "1 b2"]);
});

test("a bundle that is not admitted leaves its tenant what it had, which may be nothing", () => {
  const placement = new Placement();
  activate(placement, [bundle("a", "a1")]);
  expect(activate(placement, [bundle("a", "a2"), bundle("b", "b1")], ["a2", "b1"])).toEqual(["0 a1"]);
});

test("the last good bundle stands in for a broken one, for good", () => {
  const placement = new Placement();
  activate(placement, [bundle("a", "a1")]);
  activate(placement, [bundle("a", "a2")]);
  placement.condemn({ tenant: "a", digest: "a2", reason: "it trapped" });
  expect(activate(placement, placement.wanted)).toEqual(["0 a1"]);
  expect(activate(placement, [bundle("a", "a2")])).toEqual(["0 a1"]);
  expect(placement.broken).toEqual([{ tenant: "a", digest: "a2", reason: "it trapped" }]);
  // Another tenant's bundle of the same content is not the same module to blame for it.
  expect(activate(placement, [bundle("a", "a2"), bundle("b", "a2")])).toEqual(["0 a1", "1 a2"]);
  expect(activate(placement, [bundle("a", "a3")])).toEqual(["0 a3"]);
});

test("without a good one there is none", () => {
  const placement = new Placement();
  activate(placement, [bundle("a", "a1")]);
  placement.condemn({ tenant: "a", digest: "a1", reason: "it trapped" });
  expect(activate(placement, placement.wanted)).toEqual([]);
});

test("the same bundle is loaded once", () => {
  const placement = new Placement();
  const serials = (): number[] => placement.active.map(({ serial }) => serial);
  activate(placement, [bundle("a", "a1"), bundle("b", "b1")]);
  const [a, b] = serials();
  activate(placement, [bundle("a", "a1"), bundle("b", "b2")]);
  expect(serials()).toEqual([a, expect.not.toSatisfy((serial) => serial === b)]);
});
