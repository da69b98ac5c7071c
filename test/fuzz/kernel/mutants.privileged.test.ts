/** The search finds what is wrong: each fault within seconds of random cases, in a kernel stage built with it. */
import { bpfObject } from "@weir/agent";
import { expect, test, vi } from "vitest";
import { search } from "./campaign.ts";
import { builtMutant, MUTANTS } from "./mutants.ts";

/** Most take one to ten cases of about a second; a machine that does other things as well takes longer. */
const SECONDS = 45;
const SEED = 200;
vi.setConfig({ testTimeout: 120_000 });

test.for(MUTANTS.map((mutant) => ({ ...mutant })))("$name", async (mutant) => {
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
