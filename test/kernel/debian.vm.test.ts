/** The scenario under Debian's kernels, where trampolines work. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runInVm, vmMissing } from "../vm/vm.ts";
import { expectScenario } from "./expectations.ts";
import type { ScenarioResult } from "./scenario.ts";

const guest = fileURLToPath(new URL("guest.ts", import.meta.url));
const missing = vmMissing();

test("Linux 6.1: auto chooses trampolines, and the changes are detected", async (context) => {
  if (missing) context.skip(missing);
  const { exitCode, output } = await runInVm({
    release: "bookworm",
    command: [process.execPath, guest, "auto"],
    timeoutMs: 500_000,
  });
  expect(exitCode, output).toBe(0);
  const result = JSON.parse(output.trim().split("\n").at(-1) ?? "") as ScenarioResult;
  expect(result.attach).toBe("trampoline");
  expect(result.resolutions).toEqual(["object"]);
  expectScenario(result);
});
