/** Swaps that attach and detach hooks, on this machine's kernel. */
import { expect, test } from "vitest";
import { expectedSwaps, runSwaps } from "./swaps.ts";

test("what a generation needs is attached and nothing else, and swaps lose nothing", async () => {
  const result = await runSwaps("auto");
  expect(result).toMatchObject(expectedSwaps(result.attach));
});
