import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { testPolicies } from "./run.ts";

const FOLDER = new URL("../../packs/", import.meta.url);
const packs = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"));
const read = (name: string) => ({ name, text: readFileSync(new URL(name, FOLDER)) });

test("there are packs", () => expect(packs).toContain("linux-fim.yaml"));

test.each(packs)(
  "%s: its tests pass, and no rule is without a positive and a negative",
  async (name) => {
    const tests = name.replace(/\.yaml$/, ".test.yaml");
    const result = await testPolicies([read(name)], [{ ...read(tests), policy: name }]);
    if (!result.ran) throw new Error(JSON.stringify(result.diagnostics));
    expect(result.cases.filter((one) => !one.ok)).toEqual([]);
    expect(result.passed).toBeGreaterThan(0);
    expect(result.coverage.filter(({ positive, negative }) => positive === 0 || negative === 0)).toEqual([]);
    expect(result.coverage.length).toBeGreaterThan(0);
  },
  60_000,
);
