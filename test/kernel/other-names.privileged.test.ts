/** Changes by other names on this machine's kernel. */
import { hasPrivateStacks } from "@weir/agent/testing";
import { expect, test } from "vitest";
import { runDetours } from "./other-names.ts";

test("a change by another name of a watched file is detected, once, with both names", async (context) => {
  if (!hasPrivateStacks()) context.skip("this kernel's programs share one stack between calls (before 6.13, arm64)");
  for (const { name, expected, seen } of await runDetours("auto")) expect.soft(seen, name).toEqual(expected);
});
