/** What `npm run fuzz -- kernel` once found: never again. */
import { bpfObject } from "@weir/agent";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keptCases } from "./found.ts";
import { Harness } from "./round.ts";

/** Races do not show every time. */
const RUNS = 3;

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open({ object: bpfObject(), reference: bpfObject(), attach: "auto" });
});
afterAll(() => harness.close());

test.for(keptCases())("$name", async ({ found }) => {
  for (let run = 0; run < RUNS; run++) expect((await harness.run(found)).findings).toEqual([]);
});
