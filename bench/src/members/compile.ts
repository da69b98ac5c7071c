/**
 * Compiling, by number of rules: from policy files to a bundle ready to be signed, in a fresh process and in a
 * warm one; what comes of it, and what V8 takes to compile the module.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Matcher } from "@weir/matcher-wasm/host";
import { type CompileTimes, compileOnce } from "../compiling.ts";
import { median } from "../interleave.ts";
import type { BenchOptions } from "../member.ts";
import { ADVERSARIAL, policyFiles, REALISTIC, type Scenario } from "../workload/scenarios.ts";

export const description = "compiler: policies to a bundle by number of rules, cold and warm; V8's compile time";

/** Of design: what shall be reached, from sources to a bundle. */
const TARGETS_MS: readonly (readonly [rules: number, ms: number])[] = [
  [1000, 1000],
  [10_000, 5000],
];

const COLD = fileURLToPath(new URL("../cold.ts", import.meta.url));
/** Rules of the scenarios with which only shapes are compared. */
const RULES_OF_SHAPES = 1000;

interface Figures {
  readonly rules: number;
  /** The first time that these sources are compiled: afterwards the compiler knows their regexes. */
  readonly firstTotalMs: number;
  readonly analyseMs: number;
  readonly linkMs: number;
  readonly assembleMs: number;
  readonly totalMs: number;
  /** Time on processors, other threads of V8 included; on a busy machine nearer to the truth. */
  readonly processorMs: number;
  readonly moduleBytes: number;
  readonly bundleBytes: number;
  readonly v8CompileMs: number;
  readonly v8CompileEagerlyMs: number;
  readonly loadMs: number;
}

/** Realistic rules, 100 to 10,000 (1,000 when quick), and 1,000 of each adversarial scenario. */
export async function run({ quick, progress }: BenchOptions): Promise<Record<string, unknown>> {
  const counts = quick ? [100, 1000] : [100, 1000, 10_000];
  const cold = counts.map((rules) => {
    const figures = inFreshProcess(REALISTIC, rules);
    progress(`${rules} rules in a fresh process: ${figures["processMs"]?.toFixed(0)} ms`);
    return figures;
  });
  const warm: Figures[] = [];
  for (const rules of counts) {
    const figures = await inThisProcess(REALISTIC, { rules, runs: quick ? 1 : 3 });
    progress(`${rules} rules, warm: ${figures.totalMs.toFixed(0)} ms, ${figures.moduleBytes} bytes`);
    warm.push(figures);
  }
  const shapes: (Figures & { readonly scenario: string })[] = [];
  for (const scenario of quick ? [] : ADVERSARIAL) {
    const figures = await inThisProcess(scenario, { rules: RULES_OF_SHAPES, runs: 1 });
    progress(
      `${RULES_OF_SHAPES} rules, ${scenario.name}: ${figures.totalMs.toFixed(0)} ms, ${figures.moduleBytes} bytes`,
    );
    shapes.push({ scenario: scenario.name, ...figures });
  }
  return { targets: targets(warm, cold), cold, warm, ...(quick ? {} : { shapes }) };
}

type ColdFigures = Readonly<Record<string, number>>;

function inFreshProcess(scenario: Scenario, rules: number): ColdFigures {
  const start = performance.now();
  const child = spawnSync(process.execPath, [COLD, scenario.name, String(rules)], { encoding: "utf8" });
  const processMs = performance.now() - start;
  if (child.status !== 0) throw new Error(`compiling in a fresh process failed: ${child.stderr}`);
  const times = JSON.parse(child.stdout) as Omit<CompileTimes, "wasm"> & { readonly processorMs: number };
  const { analyseMs, linkMs, assembleMs, totalMs, processorMs } = times;
  const loadCompilerMs = totalMs - analyseMs - linkMs - assembleMs;
  return { rules, processMs, loadCompilerMs, analyseMs, linkMs, assembleMs, processorMs };
}

/** The first run warms up and stands by itself. */
async function inThisProcess(
  scenario: Scenario,
  { rules, runs }: { readonly rules: number; readonly runs: number },
): Promise<Figures> {
  const files = policyFiles(scenario, rules);
  const { wasm, totalMs: firstTotalMs } = await compileOnce(files);
  const all: (CompileTimes & { readonly processorMs: number })[] = [];
  for (let i = 0; i < runs; i++) {
    const before = process.cpuUsage();
    const times = await compileOnce(files);
    const { user, system } = process.cpuUsage(before);
    if (!wasm.every((byte, at) => byte === times.wasm[at]) || wasm.length !== times.wasm.length)
      throw new Error(`compiling ${rules} rules twice gave two modules`);
    all.push({ ...times, processorMs: (user + system) / 1000 });
  }
  const middle = (of: "analyseMs" | "linkMs" | "assembleMs" | "totalMs" | "processorMs"): number =>
    median(all.map((times) => times[of]));
  return {
    rules,
    firstTotalMs,
    analyseMs: middle("analyseMs"),
    linkMs: middle("linkMs"),
    assembleMs: middle("assembleMs"),
    totalMs: middle("totalMs"),
    processorMs: middle("processorMs"),
    moduleBytes: wasm.length,
    bundleBytes: all[0]?.bundleBytes ?? 0,
    ...(await loading(wasm)),
  };
}

/** V8 compiles a function when it is first called, unless told to compile all of them at once. */
async function loading(wasm: Uint8Array): Promise<Pick<Figures, "v8CompileMs" | "v8CompileEagerlyMs" | "loadMs">> {
  const samples = Array.from({ length: 3 }, (_, i) => i);
  const v8CompileMs = median(samples.map((i) => timed(() => new WebAssembly.Module(distinct(wasm, i)))));
  setFlagsFromString("--no-wasm-lazy-compilation");
  const v8CompileEagerlyMs = timed(() => new WebAssembly.Module(distinct(wasm, 3)));
  setFlagsFromString("--wasm-lazy-compilation");
  const start = performance.now();
  await Matcher.load(wasm);
  return { v8CompileMs, v8CompileEagerlyMs, loadMs: performance.now() - start };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** The module with a custom section of its own, since V8 keeps what it compiled by the module's bytes. */
function distinct(wasm: Uint8Array, mark: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(wasm.length + 5);
  bytes.set(wasm);
  bytes.set([0, 3, 1, 0x78, mark], wasm.length);
  return bytes;
}

function targets(warm: readonly Figures[], cold: readonly ColdFigures[]): Record<string, unknown>[] {
  return TARGETS_MS.map(([rules, ms]) => ({
    what: `ms from sources to a bundle, ${rules} rules`,
    target: `at most ${ms}`,
    warm: warm.find((figures) => figures.rules === rules)?.totalMs,
    freshProcess: cold.find((figures) => figures["rules"] === rules)?.["processMs"],
  }));
}
