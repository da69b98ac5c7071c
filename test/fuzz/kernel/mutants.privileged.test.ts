/**
 * The search finds what is wrong, in kernel stages built with a fault. WEIR_FUZZ_FAULTS=all tries them all, which takes
 * minutes.
 */
import { bpfObject } from "@weir/agent";
import { expect, test, vi } from "vitest";
import { search } from "./campaign.ts";
import { builtMutant, MUTANTS } from "./mutants.ts";

const SECONDS = 60;
const SEED = 1000;
vi.setConfig({ testTimeout: 120_000 });

const wanted = MUTANTS.filter(({ quick }) => quick || process.env["WEIR_FUZZ_FAULTS"] === "all");

test.for(wanted.map((mutant) => ({ ...mutant })))("$name", async (mutant) => {
  const { failure, summary } = await search({
    object: builtMutant(mutant),
    reference: bpfObject(),
    attach: "auto",
    seed: SEED,
    deadlineMs: Date.now() + SECONDS * 1000,
    shrinkMs: 0,
    log: () => {},
  });
  expect(failure?.kind, `${summary.rounds} rounds`).toBe("dropped");
});
