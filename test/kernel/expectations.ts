/** What every run of the scenario has to show, whatever the kernel and the attach mode. */
import { expect } from "vitest";
import { EXPECTED, type ScenarioResult } from "./scenario.ts";

export function expectScenario(result: ScenarioResult): void {
  expect(result.seen.map(({ executable: _, parent: __, ...what }) => what)).toEqual(EXPECTED);
  const by = (rule: string, path: string): string | undefined => {
    const seen = result.seen.find((detection) => detection.rule === rule && detection.path === path);
    return seen && `${seen.executable} ← ${seen.parent}`;
  };
  expect(by("exact", "exact")).toMatch(/^bash ← node$/);
  expect(by("by_perl", "tree/p")).toBe("perl ← bash");
  expect(by("child_of_perl", "tree/q")).toMatch(/^(dash|bash|sh) ← (perl|dash|bash|sh)$/);
  expect(by("removed", "tree/a")).toBe("rm ← bash");
  expect(by("made_setuid", "tree/p")).toBe("chmod ← bash");
  expect(result.lineage.slice(0, 2)).toEqual(["bash", "node"]);
  expect(result.lineage.length).toBeGreaterThan(2);
  expect({ lost: result.lost, unaccounted: result.unaccounted, unjudged: result.unjudged }).toEqual({
    lost: 0,
    unaccounted: 0,
    unjudged: 0,
  });
}
