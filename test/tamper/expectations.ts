/** What a run of the corpus has to show, on any kernel. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { differences } from "./coverage.ts";
import { type Result, unexpected } from "./result.ts";
import { TECHNIQUES } from "./techniques.ts";

export const coverageDocument = (): string =>
  readFileSync(fileURLToPath(new URL("../../bpf/COVERAGE.md", import.meta.url)), "utf8");

/** @param results of all techniques, in one mode or several */
export function expectCorpus(results: readonly Result[]): void {
  for (const ofMode of Map.groupBy(results, ({ mode }) => mode).values())
    expect(ofMode.map(({ name }) => name)).toEqual(TECHNIQUES.map(({ name }) => name));
  expect(unexpected(results)).toEqual([]);
  expect(differences(coverageDocument(), results)).toEqual([]);
}
