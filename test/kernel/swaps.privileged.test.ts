/** Swaps that attach and detach hooks, on this machine's kernel. */
import { bpfObject, KernelStage } from "@weir/agent/testing";
import { expect, test } from "vitest";
import { expectedSwaps, runSwaps } from "./swaps.ts";

test("what a generation needs is attached and nothing else, and swaps lose nothing", async () => {
  const stage = KernelStage.open({ object: bpfObject(), attach: "auto", ringBytes: 8 << 20 });
  try {
    expect(await runSwaps(stage)).toMatchObject(expectedSwaps(stage.mode));
  } finally {
    stage.close();
  }
});
