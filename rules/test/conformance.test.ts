/** The meaning of expressions as cases that every implementation of the language can run. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type ConformanceFailure, runConformance } from "../src/policy-test/index.ts";

const FOLDER = new URL("conformance/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));

test("there are cases", () => expect(files).toContain("language.jsonl"));

test.each(files)("%s", async (name) => {
  const failures: ConformanceFailure[] = [];
  const lines = readFileSync(new URL(name, FOLDER), "utf8").split("\n");
  const { passed } = await runConformance(lines, { failure: (failure) => failures.push(failure) });
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(50);
});
