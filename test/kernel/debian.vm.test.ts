/** The scenario under Debian's kernels, where trampolines work. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fetchKernel, type Release, runInVm, vmMissing } from "../vm/vm.ts";
import { STEPS } from "./directory-cache.ts";
import { expectScenario } from "./expectations.ts";
import type { ScenarioResult } from "./scenario.ts";
import { ATTACK_RESULTS } from "./silent-directories.ts";

const guest = fileURLToPath(new URL("guest.ts", import.meta.url));
const techniques = fileURLToPath(new URL("../../agent/src/kernel/techniques.main.fixture.ts", import.meta.url));
const missing = vmMissing();

type TechniqueLine = { name: string; expected: unknown; seen: unknown };

const jsonLines = (output: string): unknown[] =>
  output.split("\n").flatMap((line) => (/^[[{]/.test(line) ? [JSON.parse(line)] : []));

function expectTechniques(lines: TechniqueLine[], mode: string): void {
  const end = lines.pop();
  expect(lines.length).toBeGreaterThan(40);
  for (const { name, expected, seen } of lines) expect(seen, name).toEqual(expected);
  expect(end).toEqual({ mode, missing: {}, missedRuns: 0 });
}

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

const steps = fileURLToPath(new URL("directory-cache.ts", import.meta.url));
const attacks = fileURLToPath(new URL("silent-directories.ts", import.meta.url));

test.for([
  ["bookworm", "trampoline"],
  ["bookworm", "tracepoint"],
  ["trixie", "trampoline"],
])("%s: the directory cache by %ss, and attacks on it", async ([release, mode], context) => {
  if (missing) context.skip(missing);
  await fetchKernel(release as Release);
  // Below /run, whose file system the cache takes.
  let script = `${process.execPath} ${steps} ${mode} && TMPDIR=/run ${process.execPath} ${attacks} ${mode}`;
  // In the same boot: those of 6.1 have boots of their own, below.
  if (release === "trixie") script += ` && ${process.execPath} ${techniques} ${mode}`;
  const { exitCode, output } = await runInVm({
    release: release as Release,
    command: ["/bin/bash", "-c", script],
    timeoutMs: 900_000,
  });
  expect(exitCode, output).toBe(0);
  const [cache, attacked, ...rest] = jsonLines(output);
  expect(cache).toEqual({ caches: true, fates: STEPS.map(([, fate]) => fate) });
  expect(attacked).toEqual(ATTACK_RESULTS);
  if (release === "trixie") expectTechniques(rest as TechniqueLine[], mode as string);
});

test.for(["trampoline", "tracepoint"])("Linux 6.1: every technique, by %ss", async (mode, context) => {
  if (missing) context.skip(missing);
  const { exitCode, output } = await runInVm({
    release: "bookworm",
    command: [process.execPath, techniques, mode],
    timeoutMs: 900_000,
  });
  expect(exitCode, output).toBe(0);
  expectTechniques(jsonLines(output) as TechniqueLine[], mode);
});
