import { expect, test } from "vitest";
import { assertKernelAgrees, assertMatcherAgrees } from "./agreement.ts";
import { keptCases } from "./found.ts";

const cases = keptCases();
test("there are cases", () => expect(cases.length).toBeGreaterThan(0));

test.each(cases)("$name", async ({ found }) => {
  assertKernelAgrees(found);
  await assertMatcherAgrees(found);
});
