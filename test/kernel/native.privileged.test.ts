/** The scenario on this machine's kernel, in every attach mode that it allows. */
import { StageUnavailableError } from "@weir/agent";
import { expect, test } from "vitest";
import { expectScenario } from "./expectations.ts";
import { runScenario } from "./scenario.ts";

test("tracepoints: the changes are detected, before and after a swap", async () => {
  const result = await runScenario("tracepoint");
  expect(result.attach).toBe("tracepoint");
  expect(result.resolutions).toEqual(["syscall"]);
  expectScenario(result);
});

test("trampolines: the same, where the kernel allows them", async (context) => {
  const result = await runScenario("trampoline").catch((error) => {
    if (error instanceof StageUnavailableError) return context.skip(error.message.split("\n")[0]);
    throw error;
  });
  expect(result.resolutions).toEqual(["object"]);
  expectScenario(result);
});
