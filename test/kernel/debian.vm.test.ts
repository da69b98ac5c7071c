/** The scenario under Debian's kernels, where trampolines work. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runInVm, vmMissing } from "../vm/vm.ts";
import { expectScenario } from "./expectations.ts";
import type { ScenarioResult } from "./scenario.ts";

const guest = fileURLToPath(new URL("guest.ts", import.meta.url));
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
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

test("Linux 6.1: every technique, in both modes", async (context) => {
  if (missing) context.skip(missing);
  const suite = ["--project", "privileged", "--reporter", "json", "agent/src/kernel/techniques"];
  const { exitCode, output } = await runInVm({
    release: "bookworm",
    command: [process.execPath, vitest, "run", ...suite],
    timeoutMs: 500_000,
  });
  const line = output.split("\n").find((text) => text.startsWith("{")) ?? "{}";
  const { testResults = [] } = JSON.parse(line) as {
    testResults?: { assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[];
  };
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(results.filter(({ status }) => status === "failed")).toEqual([]);
  expect(exitCode, output).toBe(0);
  const passed = (mode: string): number =>
    results.filter(({ fullName, status }) => fullName.startsWith(mode) && status === "passed").length;
  expect(passed("trampoline")).toBeGreaterThan(15);
  expect(passed("trampoline")).toBe(passed("tracepoint"));
});
