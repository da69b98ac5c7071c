/** Attacks on discarders on this machine's kernel. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ATTACK_RESULTS, runAttacks } from "./silent-directories.ts";

test("a directory that was learned to be silent is not so under another name", async () => {
  expect(await runAttacks("auto")).toEqual(ATTACK_RESULTS);
});

test("with a counter of renames that stands still the directory cache is fooled: the counters are what protects it", async (context) => {
  // Padding in the kernel's text: an even number that never changes.
  const address = /^([0-9a-f]+) . __pfx_nop_func$/m.exec(readFileSync("/proc/kallsyms", "latin1"))?.[1] ?? "0";
  if (/^0+$/.test(address)) return context.skip("this kernel's text has no padding with a name");
  const still = BigInt(`0x${address}`);
  const results = await runAttacks("auto", { renames: still, mounts: still });
  expect(results.filter(({ detected }) => !detected).map(({ name }) => name)).toContain("a directory above it renamed");
});
