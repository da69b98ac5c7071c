/**
 * What records do not say of a process and /proc does while it lives: its executable, environment, terminal,
 * capabilities, ids.
 *
 * Invariant: what is read belongs to the process and the image it is asked for. The process must still have its
 * start time afterwards and not have begun to end, and its executable must be that of the image; otherwise the answer is undefined. What the
 * image determines is read once and shared with the children that go on with it.
 */
import { readFileSync } from "node:fs";
import { attempt, PF_EXITING, type ProcStat, readExecutable, readHead, readStat, splitAtNuls } from "./proc.ts";
import { type Capabilities, type Image, type Process, type ProcessIds, sameStart, UNKNOWN_IMAGE } from "./process.ts";
import { attributesOf, type FileAttributes } from "./statx.ts";
import { terminalName } from "./terminal.ts";

export interface Environment {
  /** NAME=VALUE */
  readonly variables: readonly string[];
  readonly truncated: boolean;
}

/** Most bytes of an environment that are kept. */
export const ENVIRONMENT_BYTES_MAX = 16_384;
/** Environments kept at once; those used longest ago are read again when they are asked for. */
const ENVIRONMENTS_MAX = 512;

const environments = new Map<Image, Environment>();

/**
 * @returns what /proc says of the process, undefined once it has begun to end: what was read of it before was then
 *   its own, and complete
 */
export function aliveStat(process: Process): ProcStat | undefined {
  const stat = process.ended ? undefined : readStat(process.tgid);
  return stat && sameStart(stat.startNs, process.startNs) && (stat.flags & PF_EXITING) === 0 ? stat : undefined;
}

/** Runs `read` and checks that the pid was the process's all the while. */
function whileAlive<T>(process: Process, read: () => T | undefined): T | undefined {
  const value = process.ended ? undefined : read();
  return value !== undefined && aliveStat(process) ? value : undefined;
}

/** As `whileAlive`, for what belongs to the image. A failure stands until the process executes something else. */
function ofImage<T>(process: Process, read: () => T | undefined): T | undefined {
  const { image } = process;
  if (image === UNKNOWN_IMAGE || process.silentImage === image) return undefined;
  const value = whileAlive(process, () => {
    const found = read();
    // In a chroot, or under a mount of its own, the process sees only the end of the path that is seen from here.
    return readExecutable(process.tgid)?.endsWith(image.path) && !image.pathTruncated ? found : undefined;
  });
  if (value === undefined) process.silentImage = image;
  return value;
}

/** @returns attributes of the executable as they are when first asked for; undefined when they are not known */
export function executableOf(process: Process): FileAttributes | undefined {
  const { image } = process;
  if (image.attributes) return image.attributes;
  const attributes = ofImage(process, () => attributesOf(`/proc/${process.tgid}/exe`));
  if (attributes) image.attributes = attributes;
  return attributes;
}

/** @returns the environment that the image was started with; undefined when it is not known */
export function environmentOf(process: Process): Environment | undefined {
  const { image } = process;
  const known = environments.get(image);
  environments.delete(image);
  const environment = known ?? ofImage(process, () => readEnvironment(process.tgid));
  if (!environment) return undefined;
  environments.set(image, environment);
  for (const oldest of environments.keys()) {
    if (environments.size <= ENVIRONMENTS_MAX) break;
    environments.delete(oldest);
  }
  return environment;
}

function readEnvironment(pid: number): Environment | undefined {
  const head = readHead(`/proc/${pid}/environ`, ENVIRONMENT_BYTES_MAX);
  if (!head) return undefined;
  const variables = splitAtNuls(head.bytes.toString("utf8"));
  // The last one was cut.
  return { variables: head.truncated ? variables.slice(0, -1) : variables, truncated: head.truncated };
}

/** @returns name of the terminal, empty without one; as it was last seen when the process is gone */
export function terminalOf(process: Process): string | undefined {
  const stat = aliveStat(process);
  if (stat) process.terminal = terminalName(stat.terminal);
  return process.terminal;
}

interface Status {
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly effective: bigint;
  readonly permitted: bigint;
}

function readStatus(pid: number): Status | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  if (text === undefined) return undefined;
  const numbers = (name: string): number[] =>
    (new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1] ?? "").split(/\s+/).map(Number);
  const capabilities = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(text)?.[1] ?? "0"}`);
  return {
    uids: numbers("Uid"),
    gids: numbers("Gid"),
    effective: capabilities("CapEff"),
    permitted: capabilities("CapPrm"),
  };
}

/**
 * @returns the capabilities; as they were last seen when the process is gone; undefined when its effective user has
 *   changed since its last record, which changes capabilities as well
 */
export function capabilitiesOf(process: Process): Capabilities | undefined {
  const status = whileAlive(process, () => readStatus(process.tgid));
  if (status) {
    const { effective, permitted, uids } = status;
    process.capabilities = { effective, permitted, euid: uids[1] ?? -1 };
  }
  const known = process.capabilities;
  return known && (process.ids === undefined || process.ids.euid === known.euid) ? known : undefined;
}

/** @returns ids as of the last record, or of now for a process that made none */
export function idsOfProcess(process: Process): ProcessIds | undefined {
  process.ids ??= whileAlive(process, () => readIds(process.tgid));
  return process.ids;
}

function readIds(pid: number): ProcessIds | undefined {
  const status = readStatus(pid);
  const loginUid = attempt(() => readFileSync(`/proc/${pid}/loginuid`, "utf8"));
  const mountNs = namespaceOf(pid, "mnt");
  const pidNs = namespaceOf(pid, "pid");
  if (!status || mountNs === undefined || pidNs === undefined) return undefined;
  const [uid = 0, euid = 0, , fsuid = 0] = status.uids;
  const [gid = 0, egid = 0, , fsgid = 0] = status.gids;
  // A kernel without auditing has no login users.
  const auid = Number(loginUid ?? 0xffffffff);
  return { tid: pid, uid, gid, euid, egid, fsuid, fsgid, auid, mountNs, pidNs };
}

/** @returns inode number of a namespace; undefined when there is no such process */
export function namespaceOf(pid: number | "self", kind: "mnt" | "pid" | "user"): number | undefined {
  const inode = attributesOf(`/proc/${pid}/ns/${kind}`)?.inode;
  return inode === undefined ? undefined : Number(inode);
}
