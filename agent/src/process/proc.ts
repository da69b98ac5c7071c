/**
 * Processes as /proc shows them: for those that ran before the agent and those whose records were lost.
 * A process may end at any moment; everything here then answers undefined.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { containerIdOf } from "./container.ts";
import { type Image, TICK_NS } from "./process.ts";

export interface ProcEntry {
  readonly tgid: number;
  readonly ppid: number;
  /** Multiple of 10 ms. */
  readonly startNs: bigint;
  readonly comm: string;
  readonly image: Image;
  readonly containerId: string;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Fields of /proc/PID/stat after the name, which is in parentheses and may itself contain any character. */
function statFields(stat: string): { comm: string; fields: string[] } {
  const open = stat.indexOf("(");
  const close = stat.lastIndexOf(")");
  return { comm: stat.slice(open + 1, close), fields: stat.slice(close + 2).split(" ") };
}

function startNsOf(fields: readonly string[]): bigint {
  return BigInt(fields[19] ?? "0") * TICK_NS;
}

/** Most bytes of a command line that are kept, as in exec records. */
const ARGS_BYTES_MAX = 2048;

function readArgs(pid: number): Pick<Image, "args" | "argsTruncated"> {
  const bytes = attempt(() => readFileSync(`/proc/${pid}/cmdline`)) ?? Buffer.alloc(0);
  const argsTruncated = bytes.length > ARGS_BYTES_MAX;
  const text = bytes.subarray(0, ARGS_BYTES_MAX).toString("utf8");
  if (text === "") return { args: [], argsTruncated };
  return { args: (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0"), argsTruncated };
}

/** @returns undefined when there is no such process, or it ended meanwhile */
export function readProcess(pid: number): ProcEntry | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === undefined) return undefined;
  const { comm, fields } = statFields(stat);
  const image: Image = {
    path: attempt(() => readlinkSync(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, "") ?? "",
    pathTruncated: false,
    ...readArgs(pid),
  };
  const containerId = readContainerId(pid) ?? "";
  // The pid may have passed to another process between the reads: take only what is of one process.
  const again = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (again === undefined || startNsOf(statFields(again).fields) !== startNsOf(fields)) return undefined;
  return { tgid: pid, ppid: Number(fields[1] ?? 0), startNs: startNsOf(fields), comm, image, containerId };
}

/** @returns undefined when the process is gone, empty outside a container */
export function readContainerId(pid: number): string | undefined {
  const cgroups = attempt(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  return cgroups === undefined ? undefined : containerIdOf(cgroups);
}

export function listPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
