import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function fuzz(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
}

test("--help loads and names every target", () => {
  const { status, stdout, stderr } = fuzz("--help");
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/Targets:\n {2}\S+ +\S+/);
});

test.each([
  [["no-such-target"], /unknown target 'no-such-target'; known are: \S/],
  [[], /expected one target, got 0/],
  [["--frobnicate"], /--frobnicate/],
])("%j is a usage error", (args, message) => {
  const { status, stdout, stderr } = fuzz(...args);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(message);
});
