import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { type FilterSummary, lossText, renderSummary } from "./counters.ts";

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

test("a loss event says what, when, and whose rules it may affect", () => {
  const type = { type: "open", events: 3, causes: { "ring full": 2, unreadable: 1 } };
  const loss = { from: "F", to: "T", events: 3, watched_paths_affected: true, lineage_incomplete: false };
  const event = { id: "", time: "", host: "", event: { type: "loss" } } as const;
  const watched_by = [
    { generation: 1, tenants: ["acme"] },
    { generation: 2, tenants: ["acme", "globex"] },
  ];
  expect(lossText({ ...event, loss: { ...loss, types: [{ ...type, watched_by }] } })).toBe(
    "3 events lost between F and T: open 2 (ring full), open 1 (unreadable); what is watched by acme, globex may be affected",
  );
  const nobody = { ...loss, watched_paths_affected: false, lineage_incomplete: true };
  expect(lossText({ ...event, loss: { ...nobody, types: [{ ...type, watched_by: [] }] } })).toMatch(
    /; no rules are about these types; processes may lack ancestors$/,
  );
});
