import { expect, test } from "vitest";
import { assertKernelAgrees, assertMatcherAgrees, assertMatcherProves, assertProofsHold } from "./agreement.ts";
import { keptCases } from "./found.ts";

const cases = keptCases();
test("there are cases", () => expect(cases.length).toBeGreaterThan(0));

test.each(cases)("$name", async ({ found }) => {
  assertKernelAgrees(found);
  assertProofsHold(found);
  await assertMatcherAgrees(found);
  await assertMatcherProves(found);
});
