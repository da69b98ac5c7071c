import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function bench(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
}

test("--help loads and names every benchmark", () => {
  const { status, stdout, stderr } = bench("--help");
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/Benchmarks:\n {2}\S+ +\S+/);
});

test.each(["compile", "matcher"])("%s --quick --json prints the machine and the result", (name) => {
  const { status, stdout, stderr } = bench(name, "--quick", "--json");
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ benchmark: name, quick: true, machine: { node: process.version } });
  expect(report.result.targets.length).toBeGreaterThan(0);
  expect(stderr).toMatch(new RegExp(`^${name}: .*rules`, "m"));
});

test("an unknown name is a usage error that names the known ones", () => {
  const { status, stdout, stderr } = bench("no-such-benchmark");
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/unknown benchmark 'no-such-benchmark'; known are: \S/);
});
