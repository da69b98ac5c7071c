/** What a run of the corpus has to show, on any kernel. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { differences, merge } from "./coverage.ts";
import { type Result, unexpected } from "./result.ts";
import { TECHNIQUES } from "./techniques.ts";

const DOCUMENT = fileURLToPath(new URL("../../bpf/COVERAGE.md", import.meta.url));

export const coverageDocument = (): string => readFileSync(DOCUMENT, "utf8");

/** Puts results into bpf/COVERAGE.md, in the place of what it said of their modes and kernels. */
export const recordCorpus = (results: readonly Result[]): void =>
  writeFileSync(DOCUMENT, merge(coverageDocument(), results));

/** @param results of all techniques, in one mode or several */
export function expectCorpus(results: readonly Result[]): void {
  for (const ofMode of Map.groupBy(results, ({ mode }) => mode).values())
    expect(ofMode.map(({ name }) => name)).toEqual(TECHNIQUES.map(({ name }) => name));
  expect(unexpected(results)).toEqual([]);
  expect(differences(coverageDocument(), results)).toEqual([]);
}
