import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { type FilterSummary, renderSummary } from "./counters.ts";

const SUMMARY: FilterSummary = {
  seen: 100,
  droppedByInterest: 90,
  droppedByApprover: 7,
  droppedByDiscarder: 1,
  droppedByDirectory: 0,
  passed: 2,
  lost: 0,
  droppedShare: 0.98,
};

const rows = (summary: FilterSummary): string[] => stripVTControlCharacters(renderSummary(summary)).split("\n");

test("bars are as long as their shares", () => {
  expect(rows(SUMMARY).map((row) => row.split("█").length - 1)).toEqual([40, 36, 3, 1, 1, 0]);
});

test("more may be lost than was seen", () => {
  expect(rows({ ...SUMMARY, lost: 435 }).at(-1)).toMatch(/lost +435 +█{40} +435\.00%$/);
});

test("nothing was seen, yet something was lost", () => {
  const row = rows({ ...SUMMARY, seen: 0, lost: 7 }).at(-1);
  expect(row).toMatch(/lost +7 +█·{39} +0\.00%$/);
});
