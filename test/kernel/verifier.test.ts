import { expect, test } from "vitest";
import { complaints, LIMIT, recorded, SHARE_MAX, table, tableInReadme } from "./verifier.ts";

test("bpf/README.md has the table of what is recorded", () => {
  expect(tableInReadme()).toBe(table(recorded()));
});

test("no program is recorded beyond its share of the limit", () => {
  const all = Object.values(recorded()).flatMap((modes) =>
    Object.values(modes).flatMap((costs) => Object.values(costs)),
  );
  expect(all.length).toBeGreaterThan(0);
  expect(Math.max(...all)).toBeLessThanOrEqual(LIMIT * SHARE_MAX);
});

test("figures that are new, gone, too high or far from those recorded", () => {
  const before = { same: 500_000, tiny: 300, grown: 100_000, gone: 10, huge: 790_000 };
  const now = { same: 520_000, tiny: 900, grown: 160_000, added: 20, huge: 810_000 };
  expect(complaints(now, before)).toEqual([
    "added: not recorded",
    "gone: recorded, but not loaded",
    "grown: 160000 instructions, recorded: 100000",
    "huge: 810000 instructions, more than 80% of the limit",
  ]);
  expect(complaints(before, before)).toEqual([]);
  expect(complaints(now, undefined)).toEqual(["huge: 810000 instructions, more than 80% of the limit"]);
  expect(complaints({ broken: Number.NaN }, { broken: 1 })).toHaveLength(1);
});
