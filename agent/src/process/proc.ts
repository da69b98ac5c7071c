/**
 * Processes as /proc shows them: for those that ran before the agent and those whose records were lost.
 * A process may end at any moment; everything here then answers undefined.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { COMM_BYTES } from "@weir/matcher-wasm/format";
import { type Image, TICK_NS } from "./process.ts";

/** What /proc/PID/stat says; `flags` are PF_* of include/linux/sched.h. */
export interface ProcStat {
  readonly comm: string;
  readonly ppid: number;
  /** Multiple of 10 ms. */
  readonly startNs: bigint;
  readonly flags: number;
  /** Controlling terminal as new_encode_dev() has it, 0 without one. */
  readonly terminal: number;
}

export interface ProcEntry extends ProcStat {
  readonly tgid: number;
  readonly image: Image;
}

/** It is ending: memory, files and root may be gone already, while /proc goes on to show it. */
export const PF_EXITING = 0x4;
/** It was forked but executed nothing yet. */
export const PF_FORKNOEXEC = 0x40;
/** A thread of the kernel. */
export const PF_KTHREAD = 0x00200000;

export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * The name is in parentheses and may itself contain any character; fields are counted from behind it. For threads of
 * the kernel it may be longer than what records have of them, so it is cut to that.
 */
export function parseStat(stat: Buffer): ProcStat {
  const close = stat.lastIndexOf(")");
  const fields = stat.toString("latin1", close + 2).split(" ");
  const start = stat.indexOf("(") + 1;
  return {
    comm: stat.toString("utf8", start, Math.min(close, start + COMM_BYTES - 1)),
    ppid: Number(fields[1] ?? 0),
    terminal: Number(fields[4] ?? 0),
    flags: Number(fields[6] ?? 0),
    startNs: BigInt(fields[19] ?? "0") * TICK_NS,
  };
}

/** @returns undefined when there is no such process */
export function readStat(pid: number): ProcStat | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`));
  return stat === undefined ? undefined : parseStat(stat);
}

/**
 * @param bytesMax of what is read
 * @returns undefined when the file can't be read
 */
export function readHead(path: string, bytesMax: number): { bytes: Buffer; truncated: boolean } | undefined {
  return attempt(() => {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(bytesMax + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(file, bytes, length, bytes.length - length, null);
      return { bytes: bytes.subarray(0, Math.min(length, bytesMax)), truncated: length > bytesMax };
    } finally {
      closeSync(file);
    }
  });
}

/** @returns strings that each end with a NUL */
export function splitAtNuls(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

/** Most bytes of a command line that are kept, as in exec records. */
const ARGS_BYTES_MAX = 2048;

function readArgs(pid: number): Pick<Image, "args" | "argsTruncated"> {
  const head = readHead(`/proc/${pid}/cmdline`, ARGS_BYTES_MAX);
  return { args: splitAtNuls(head?.bytes.toString("utf8") ?? ""), argsTruncated: head?.truncated ?? true };
}

/** @returns path of the executable as the agent sees it; undefined for kernel threads and when there is no such process */
export function readExecutable(pid: number): string | undefined {
  return attempt(() => readlinkSync(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, "");
}

/** Some systems let nobody look at init. The kernel starts it under its path. */
function initOf([argv0 = ""]: readonly string[]): string | undefined {
  return argv0.startsWith("/") ? argv0 : undefined;
}

/** @returns undefined when there is no such process, or it ended meanwhile */
export function readProcess(pid: number): ProcEntry | undefined {
  const stat = readStat(pid);
  if (!stat) return undefined;
  const args = readArgs(pid);
  const path = readExecutable(pid) ?? (pid === 1 ? initOf(args.args) : undefined);
  // Threads of the kernel have none; of others it is not known.
  const pathTruncated = path === undefined && (stat.flags & PF_KTHREAD) === 0;
  // The pid may have passed to another process between the reads: take only what is of one process.
  const again = readStat(pid);
  if (again?.startNs !== stat.startNs) return undefined;
  // What has begun to end has no arguments any more.
  const argsTruncated = args.argsTruncated || (again.flags & PF_EXITING) !== 0;
  const image: Image = { path: path ?? "", pathTruncated, args: args.args, argsTruncated };
  return { tgid: pid, ...stat, image };
}

export function listPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
