/**
 * What the kernel stage costs: its programs by the kernel's run-time statistics, and whole processes beside the same
 * with nothing attached. Needs root, clang, and a kernel that takes tracepoint programs.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Load } from "../kernel/load.ts";
import { measurePrograms, SHALLOW_FILE } from "../kernel/programs.ts";
import { measureWorkloads } from "../kernel/workloads.ts";
import type { BenchOptions } from "../member.ts";

export const description = "kernel stage: cost of an event by what becomes of it, and of whole processes";

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

export async function run({ quick, progress }: BenchOptions): Promise<Record<string, unknown>> {
  if (process.getuid?.() !== 0) throw new Error("loading BPF programs needs root");
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-bench-")));
  const load = new Load(folder);
  try {
    progress("programs");
    const programs = await withStatistics(() => measurePrograms(folder, load, quick ? 2 : 8));
    const cost = (what: string): number | undefined => programs.byFate.find((fate) => fate.what === what)?.overReturnNs;
    progress("whole processes");
    const processes = await measureWorkloads(folder, load, quick ? 1 : 5);
    const seen = processes.reduce((sum, { fileEvents = 0 }) => sum + fileEvents, 0);
    const dropped = processes.reduce((sum, p) => sum + (p.fileEvents ?? 0) * (p.droppedInKernel ?? 0), 0);
    return {
      targets: [
        { what: "no approver, depth 5, ns", target: "at most 350", measured: cost("no approver, depth 5") },
        {
          what: "silent directory, ns",
          target: "at most 100",
          measured: programs.byFate.find(({ what }) => what.startsWith("silent"))?.withDirectoryCacheNs,
        },
        {
          what: "open and close of a file, to read, over alone",
          target: "under 1.1",
          measured: processes[0]?.overAlone,
        },
        { what: "dropped in the kernel", target: "at least 0.999", measured: dropped / seen },
      ],
      programs,
      processes,
      others: "auditd, inotifywait and fatrace are not measured",
    };
  } finally {
    load.end();
    rmSync(folder, { recursive: true });
    rmSync(SHALLOW_FILE, { force: true });
  }
}
