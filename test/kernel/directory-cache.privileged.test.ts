/** The directory cache on this machine's kernel, by counters that stand still: the steps rename and mount nothing. */
import { readFileSync } from "node:fs";
import { bpfObject, hasPrivateStacks, KernelStage } from "@weir/agent/testing";
import { expect, onTestFinished, test } from "vitest";
import { expectedFates, runSteps, STILL_STEPS } from "./directory-cache.ts";

test("a known directory decides, but not about a file that other names lead to", async (context) => {
  // Padding in the kernel's text: an even number that never changes.
  const address = /^([0-9a-f]+) . __pfx_nop_func$/m.exec(readFileSync("/proc/kallsyms", "latin1"))?.[1] ?? "0";
  if (/^0+$/.test(address)) return context.skip("this kernel's text has no padding with a name");
  const still = BigInt(`0x${address}`);
  const pathCounters = { renames: still, mounts: still };
  const stage = KernelStage.open({ object: bpfObject(), attach: "auto", ringBytes: 1 << 20, pathCounters });
  onTestFinished(() => stage.close());
  const { fates } = await runSteps(stage, STILL_STEPS);
  // What others do on the machine meanwhile is approved by nobody.
  expect(fates.map((fate) => fate.replace(/droppedByApprover\+?/, ""))).toEqual(
    expectedFates(hasPrivateStacks(), STILL_STEPS),
  );
});
