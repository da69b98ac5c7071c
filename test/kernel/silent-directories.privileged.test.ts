/** Attacks on discarders on this machine's kernel. */
import { expect, test } from "vitest";
import { ATTACK_RESULTS, runAttacks } from "./silent-directories.ts";

test("a directory that was learned to be silent is not so under another name", async () => {
  expect(await runAttacks("auto")).toEqual(ATTACK_RESULTS);
});
