/** What the programs are told before they are loaded: struct options in `bpf/include/filter.h`. */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { type KernelFunction, kernelFunctions } from "./btf.ts";
import { isUnmapped } from "./hooks.ts";
import { completesByCqe } from "./uring.ts";

/** u32 agent_tgid, mkdir_returns_dentry, direct_loads, unmapped; u64 secret[2], rename_lock, mount_lock; u32 completes_by_cqe, reserved. */
export const OPTIONS_BYTES = 56;
export const SECRET_BYTES = 16;

/** Inode of the initial pid namespace (PROC_PID_INIT_INO), whose numbers the kernel stage goes by. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

/** This process for the kernel stage; 0 where its number means another process there. */
function ownTgid(): number {
  return readlinkSync("/proc/self/ns/pid") === INITIAL_PID_NAMESPACE ? process.pid : 0;
}

/** Whether the kernel lets programs read its memory without a call for each member; since Linux 6.2. */
function hasDirectLoads(): boolean {
  return kernelFunctions(["bpf_rdonly_cast"]).size > 0;
}

/** Addresses of the two counters by which the directory cache knows that no path has changed. */
export interface PathCounters {
  readonly renames: bigint;
  readonly mounts: bigint;
}

/**
 * @returns the kernel's own counters, as /proc/kallsyms has them; undefined where it does not list variables
 *   (CONFIG_KALLSYMS_ALL) or hides addresses (kernel.kptr_restrict)
 */
export function kernelPathCounters(symbols = readFileSync("/proc/kallsyms", "latin1")): PathCounters | undefined {
  const addressOf = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^([0-9a-f]+) [bBdD] ${name}$`, "m").exec(symbols)?.[1] ?? "0"}`);
  const [renames, mounts] = [addressOf("rename_lock"), addressOf("mount_lock")];
  return renames === 0n || mounts === 0n ? undefined : { renames, mounts };
}

export interface ProgramOptions {
  /** The functions that programs hang on, as this kernel has them. */
  readonly functions: ReadonlyMap<string, KernelFunction>;
  /** Of directory keys, SECRET_BYTES long; random by default, so that nobody can make paths whose keys collide. */
  readonly secret?: Uint8Array | undefined;
  /** Without, there is no directory cache. */
  readonly pathCounters?: PathCounters | undefined;
}

export function encodeOptions(options: ProgramOptions): Uint8Array {
  const { functions, secret = randomBytes(SECRET_BYTES), pathCounters } = options;
  const bytes = new Uint8Array(OPTIONS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ownTgid(), true);
  view.setUint32(4, Number(functions.get("vfs_mkdir")?.returns === "dentry"), true);
  view.setUint32(8, Number(hasDirectLoads()), true);
  view.setUint32(12, Number(isUnmapped(functions)), true);
  bytes.set(secret, 16);
  view.setBigUint64(32, pathCounters?.renames ?? 0n, true);
  view.setBigUint64(40, pathCounters?.mounts ?? 0n, true);
  view.setUint32(48, Number(completesByCqe()), true);
  return bytes;
}
