/**
 * What becomes of opens in a directory with a discarder, step by step, where the directory cache is on. The folder lies
 * in memory, whose file system is one that the cache takes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildTables, type KernelStage } from "@weir/agent/testing";
import { FILE_DIRECTORY_KEY, ringRecords } from "@weir/matcher-wasm/format";

const OPEN = 1;

/** `withOtherNames`: its fate where files are judged by their other names, if that is another one. */
type Step = readonly [step: string, fate: string, withOtherNames?: string];

/** What the cache decides by itself. */
const CACHING: readonly Step[] = [
  [": > d/f", "droppedByDiscarder"],
  [": > d/f", "droppedByDirectory"],
  [": > d/g", "droppedByDirectory"],
  [": > d/sub/f", "passed"],
];

/** A file with hard links is judged by each of its names, where files are judged by others (bpf/lib/names.h). */
const LINKING: readonly Step[] = [
  ["ln d/f d/same; : > d/f", "droppedByDirectory", "droppedByDiscarder"],
  ["ln d/f a/other; : > d/f", "droppedByDirectory", "droppedByDiscarder+passed"],
  [": > d/g", "droppedByDirectory"],
  ["rm d/same a/other; : > d/f", "droppedByDirectory"],
];

/** Steps without renames and mounts: those that show the same where counters of path changes stand still. */
export const STILL_STEPS: readonly Step[] = [...CACHING, ...LINKING];

/** Each in a process of its own, all on one CPU, which has its own cache; what is counted is what the step adds, of opens to write alone. */
export const STEPS: readonly Step[] = [
  ...CACHING,
  ...LINKING,
  ["mv a b; : > d/f", "droppedByDiscarder"],
  [": > d/f", "droppedByDirectory"],
  ["mount -t tmpfs m m; : > d/f; umount m", "droppedByDiscarder"],
  ["mv d e; : > e/f", "passed"],
  ["mv e d; : > d/f", "droppedByDiscarder"],
  ["rm -r d; mkdir d; : > d/f", "droppedByDiscarder"],
  [": > d/f", "droppedByDirectory"],
  ["mount --bind d m; : > m/f; umount m", "passed"],
  // Nothing approves outside: by the walk at first, then by the cache.
  [": > ../outside; : > ../outside; rm ../outside", "droppedByApprover"],
];

/** The fates of STEPS. */
export const expectedFates = (withOtherNames: boolean, steps = STEPS): string[] =>
  steps.map(([, fate, otherwise]) => (withOtherNames ? (otherwise ?? fate) : fate));

/** @returns the fate of the last open of each step */
export async function runSteps(stage: KernelStage, steps = STEPS): Promise<{ caches: boolean; fates: string[] }> {
  const folder = mkdtempSync("/run/weir-cache-");
  const shell = (script: string): void => {
    const { status, stderr } = spawnSync("taskset", ["-c", "0", "/bin/bash", "-ec", script], {
      cwd: folder,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${script}\nfailed: ${stderr}`);
  };
  try {
    shell("mkdir -p d/sub a m");
    await stage.activate(
      buildTables(1, [
        {
          tenant: 0,
          seeds: {
            format: "weir-seeds/1",
            interests: [{ event: "open", flagsAny: 1, unfiltered: false }],
            approvers: [{ event: "open", kind: "ancestor", slot: "file", value: folder, flagsAny: null }],
          },
        },
      ]),
    );
    shell(": > d/key");
    const span = new Uint8Array(1 << 20);
    const bytes = span.subarray(0, stage.ring.read(span));
    const last = [...ringRecords(bytes)].at(-1);
    if (!last) throw new Error("no record");
    // Only this process acts here but for the guest's own services, which write nothing below the folder.
    const keys = [...ringRecords(bytes)].map(({ offset }) =>
      new DataView(span.buffer, offset).getBigUint64(FILE_DIRECTORY_KEY, true),
    );
    const directoryKey = keys.findLast((key) => key !== 0n) ?? 0n;
    stage.discard({ generation: 1, directoryKey, type: OPEN });
    const fates = steps.map(([step]) => {
      const before = stage.counters()["open"];
      shell(step);
      const after = stage.counters()["open"];
      const changed = Object.entries(after ?? {}).filter(
        ([name, count]) =>
          !["seen", "droppedByInterest"].includes(name) && count > (before?.[name as keyof typeof before] ?? 0),
      );
      return changed.map(([name]) => name).join("+");
    });
    return { caches: stage.cachesDirectories, fates };
  } finally {
    rmSync(join(folder), { recursive: true });
  }
}
