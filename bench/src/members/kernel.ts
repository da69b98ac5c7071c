/**
 * What the kernel stage costs: its programs by the kernel's run-time statistics, and whole processes beside the same
 * with nothing attached, and with others that watch files. Needs root, clang, and a kernel that takes tracepoint
 * programs.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLoad, Load } from "../kernel/load.ts";
import { measureProcesses, type ProcessCosts } from "../kernel/processes.ts";
import { measurePrograms, type ProgramCosts } from "../kernel/programs.ts";
import { SHALLOW_FILE } from "../kernel/workloads.ts";
import type { BenchOptions } from "../member.ts";

export const description =
  "kernel stage: an event by what becomes of it; whole processes beside auditd, inotifywait and fatrace (6 min, root)";

const STATISTICS = "/proc/sys/kernel/bpf_stats_enabled";

/** Lets the kernel measure its BPF programs, and puts the setting back afterwards. */
async function withStatistics<T>(measure: () => Promise<T>): Promise<T> {
  const before = readFileSync(STATISTICS, "utf8");
  writeFileSync(STATISTICS, "1");
  try {
    return await measure();
  } finally {
    writeFileSync(STATISTICS, before);
  }
}

function targets({ byFate }: ProgramCosts, { processes, kernel }: ProcessCosts): Record<string, unknown>[] {
  const fate = (start: string) => byFate.find(({ what }) => what.startsWith(start));
  const ofWeir = processes.filter(({ beside }) => beside === "Weir");
  const opens = ofWeir.find(({ what }) => what.endsWith("to read"));
  const seen = kernel.reduce((sum, { fileEvents }) => sum + fileEvents, 0);
  const dropped = kernel.reduce((sum, { fileEvents, droppedInKernel }) => sum + fileEvents * droppedInKernel, 0);
  return [
    { what: "no approver, depth 5, ns", target: "at most 350", measured: fate("no approver, depth 5")?.overReturnNs },
    { what: "silent directory, ns", target: "at most 100", measured: fate("silent")?.withDirectoryCacheNs },
    {
      what: "open and close of an unrelated file, elapsed, over alone",
      target: "under 1.1",
      measured: opens?.elapsedOverAlone,
    },
    { what: "the same, on the processor", target: "under 1.1", measured: opens?.processorOverAlone },
    { what: "dropped in the kernel", target: "at least 0.999", measured: seen === 0 ? 0 : dropped / seen },
    { what: "events lost", target: "0", measured: kernel.reduce((sum, { lost }) => sum + lost, 0) },
  ];
}

async function programs(folder: string, program: string, turns: number): Promise<ProgramCosts> {
  const load = new Load(program);
  try {
    return await withStatistics(() => measurePrograms(folder, load, turns));
  } finally {
    load.end();
  }
}

export async function run({ quick, progress }: BenchOptions): Promise<Record<string, unknown>> {
  if (process.getuid?.() !== 0) throw new Error("loading BPF programs needs root");
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-bench-")));
  try {
    const load = buildLoad(folder);
    progress("programs");
    const byProgram = await programs(folder, load, quick ? 1 : 8);
    progress("whole processes: preparing the work");
    const work = join(folder, "processes");
    mkdirSync(work);
    const effort = quick ? { budgetMs: 0, roundsMin: 1 } : { budgetMs: 210_000, roundsMin: 3 };
    const byProcess = await measureProcesses({ folder: work, load, quick, progress, ...effort });
    return { targets: targets(byProgram, byProcess), programs: byProgram, processes: byProcess };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(SHALLOW_FILE, { force: true });
  }
}
