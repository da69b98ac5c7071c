/** What the programs are told before they are loaded: struct options in `bpf/include/filter.h`. */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { kernelFunctions } from "./libbpf.ts";

/** u32 agent_tgid, mkdir_returns_dentry, direct_loads, reserved; u64 secret[2]. */
export const OPTIONS_BYTES = 32;
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

export interface ProgramOptions {
  /** Whether the kernel's vfs_mkdir() does. */
  readonly mkdirReturnsDentry: boolean;
  /** Of directory keys, SECRET_BYTES long; random by default, so that nobody can make paths whose keys collide. */
  readonly secret?: Uint8Array | undefined;
}

export function encodeOptions({ mkdirReturnsDentry, secret = randomBytes(SECRET_BYTES) }: ProgramOptions): Uint8Array {
  const bytes = new Uint8Array(OPTIONS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ownTgid(), true);
  view.setUint32(4, Number(mkdirReturnsDentry), true);
  view.setUint32(8, Number(hasDirectLoads()), true);
  bytes.set(secret, 16);
  return bytes;
}
