/** Changes by other names on this machine's kernel. */
import { expect, test } from "vitest";
import { runDetours } from "./other-names.ts";

test("a change by another name of a watched file is detected, once, with both names", async () => {
  for (const { name, expected, seen } of await runDetours("auto")) expect.soft(seen, name).toEqual(expected);
});
