/** A short search on this machine's kernel. A long one is `npm run fuzz -- kernel --seconds N`. */
import { bpfObject } from "@weir/agent";
import { expect, test } from "vitest";
import { failureText, search } from "./campaign.ts";

const SECONDS = 12;
const SHRINK_MS = 20_000;

test("what a rule may match is never dropped", async () => {
  const object = bpfObject();
  const { summary, failure } = await search({
    object,
    reference: object,
    attach: "auto",
    seed: Date.now() % 2 ** 32,
    deadlineMs: Date.now() + SECONDS * 1000,
    shrinkMs: SHRINK_MS,
    log: console.error,
  });
  expect(failure && failureText(failure)).toBeUndefined();
  // It has to have had something to say.
  expect(summary.rounds).toBeGreaterThan(summary.roundsDiscarded);
  expect(summary.passed).toBe(summary.required);
  expect(summary.required).toBeGreaterThan(0);
  expect(summary.detected).toBeGreaterThan(0);
  expect(summary.kernel["droppedByApprover"]).toBeGreaterThan(0);
});
