/** A short search under a Debian kernel, by trampolines. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { builtProgram } from "../../native/program.ts";
import { runInVm, vmMissing } from "../../vm/vm.ts";

const guest = fileURLToPath(new URL("guest.ts", import.meta.url));
const SECONDS = 15;

test("Linux 6.1: what a rule may match is never dropped", async (context) => {
  const missing = vmMissing();
  if (missing) context.skip(missing);
  // The guest would take long to build it.
  builtProgram("workload");
  const { exitCode, output } = await runInVm({
    release: "bookworm",
    command: [process.execPath, guest, String(Date.now() % 2 ** 32), String(SECONDS)],
    timeoutMs: 550_000,
  });
  expect(exitCode, output).toBe(0);
  const summary = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  expect(summary).toMatchObject({ attach: "trampoline", passed: summary.required });
  expect(summary.judged).toBeGreaterThan(0);
});
