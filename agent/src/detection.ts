/**
 * A detection: an event that a rule matched, with the process behind it. Times are ISO 8601 in UTC, sizes bytes, modes octal strings.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import {
  EVENT_TYPES,
  type FileEvent,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_CREATED,
  FLAG_RESOLVED_AT_SYSCALL,
} from "@weir/matcher-wasm/format";
import type { ManifestRule } from "@weir/trust";
import { ancestorsOf, type Process } from "./process/process.ts";

export interface DetectedProcess {
  readonly pid: number;
  /** Distinguishes processes that had the same pid one after the other. */
  readonly start: string;
  readonly comm: string;
  readonly executable: string;
  readonly args: readonly string[];
  readonly args_truncated: boolean;
  readonly container_id: string;
}

export interface Detection {
  /** Unique; the same for repeated deliveries. */
  readonly id: string;
  readonly time: string;
  readonly host: string;
  readonly tenant: string;
  readonly rule: {
    readonly id: string;
    readonly description?: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  /** SHA-256 of the manifest of the bundle that judged, and the host's generation it was active in. */
  readonly bundle: string;
  readonly generation: number;
  readonly event: {
    readonly type: string;
    /** 0, or the negative errno of a failed operation. */
    readonly retval: number;
    readonly flags?: readonly string[];
    readonly created?: boolean;
    readonly new_mode?: string;
    /** `object`: from the kernel's own objects; `syscall`: from the arguments of the call. */
    readonly resolution: "object" | "syscall";
  };
  readonly file: {
    readonly path: string;
    /** Only the end of the path is known, and its rules were taken to match. */
    readonly path_truncated: boolean;
    readonly destination?: string;
    readonly destination_truncated?: boolean;
    /** Absent where the event was resolved without the file itself. */
    readonly inode?: string;
    readonly device?: number;
    readonly mount_id?: number;
    readonly mode?: string;
    readonly uid?: number;
    readonly gid?: number;
  };
  readonly process: DetectedProcess & {
    readonly tid: number;
    readonly ppid: number;
    readonly uid: number;
    readonly gid: number;
    readonly euid: number;
    readonly egid: number;
    /** Login user; null when the process descends from no login. */
    readonly auid: number | null;
    readonly cgroup_id: string;
    readonly mount_namespace: number;
    readonly pid_namespace: number;
    /** From the parent to init. */
    readonly ancestors: readonly DetectedProcess[];
  };
}

export interface DetectionInput {
  readonly event: FileEvent;
  readonly process: Process;
  readonly tenant: string;
  readonly bundle: string;
  readonly rule: ManifestRule;
  /** Milliseconds since the epoch of the boot-time clock's zero. */
  readonly bootEpochMs: number;
}

const UNSET = 0xffffffff;
const NAMES = new Map(EVENT_TYPES.map(({ id, name }) => [id, name]));
const HOST = hostname();
const BOOT_ID = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Names of open flags; O_RDONLY is the absence of the other access modes. Values: asm-generic/fcntl.h. */
const OPEN_FLAGS: readonly (readonly [name: string, bits: number])[] = [
  ["O_WRONLY", 0o1],
  ["O_RDWR", 0o2],
  ["O_CREAT", 0o100],
  ["O_EXCL", 0o200],
  ["O_NOCTTY", 0o400],
  ["O_TRUNC", 0o1000],
  ["O_APPEND", 0o2000],
  ["O_NONBLOCK", 0o4000],
  ["O_DSYNC", 0o10000],
  ["O_DIRECT", process.arch === "arm64" ? 0o200000 : 0o40000],
  ["O_DIRECTORY", process.arch === "arm64" ? 0o40000 : 0o200000],
  ["O_NOFOLLOW", process.arch === "arm64" ? 0o100000 : 0o400000],
  ["O_CLOEXEC", 0o2000000],
  ["O_PATH", 0o10000000],
];

export function openFlagNames(flags: number): string[] {
  const names = OPEN_FLAGS.filter(([, bits]) => (flags & bits) !== 0).map(([name]) => name);
  return (flags & 3) === 0 ? ["O_RDONLY", ...names] : names;
}

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

function time(ns: bigint, bootEpochMs: number): string {
  return new Date(bootEpochMs + Number(ns / 1000n) / 1000).toISOString();
}

function describe(p: Process, bootEpochMs: number): DetectedProcess {
  return {
    pid: p.tgid,
    start: time(p.startNs, bootEpochMs),
    comm: p.comm,
    executable: p.image.path,
    args: p.image.args,
    args_truncated: p.image.argsTruncated,
    container_id: p.containerId,
  };
}

function describeEvent(event: FileEvent, type: string): Detection["event"] {
  return {
    type,
    retval: event.retval,
    ...(type === "open" ? { flags: openFlagNames(event.opFlags), created: (event.flags & FLAG_CREATED) !== 0 } : {}),
    ...(type === "chmod" ? { new_mode: octal(event.opMode) } : {}),
    resolution: event.flags & FLAG_RESOLVED_AT_SYSCALL ? "syscall" : "object",
  };
}

function describeFile(event: FileEvent): Detection["file"] {
  return {
    path: event.path,
    path_truncated: event.pathTruncated,
    ...(event.destinationBytes.length > 0
      ? { destination: event.destination, destination_truncated: event.destinationTruncated }
      : {}),
    ...((event.flags & FLAG_ATTRIBUTES_UNKNOWN) !== 0
      ? {}
      : {
          inode: String(event.inode),
          device: event.dev,
          mount_id: event.mountId,
          mode: octal(event.mode),
          uid: event.fileUid,
          gid: event.fileGid,
        }),
  };
}

export function detectionOf({ event, process: p, tenant, bundle, rule, bootEpochMs }: DetectionInput): Detection {
  return {
    id: createHash("sha256")
      .update(JSON.stringify([BOOT_ID, bundle, rule.id, String(event.timeNs), event.tid]))
      .digest("hex")
      .slice(0, 32),
    time: time(event.timeNs, bootEpochMs),
    host: HOST,
    tenant,
    rule: { id: rule.id, ...(rule.description ? { description: rule.description } : {}), tags: rule.tags },
    bundle,
    generation: event.generation,
    event: describeEvent(event, NAMES.get(event.type) ?? String(event.type)),
    file: describeFile(event),
    process: {
      ...describe({ ...p, comm: event.comm }, bootEpochMs),
      tid: event.tid,
      ppid: event.ppid,
      uid: event.uid,
      gid: event.gid,
      euid: event.euid,
      egid: event.egid,
      auid: event.auid === UNSET ? null : event.auid,
      cgroup_id: String(event.cgroupId),
      mount_namespace: event.mountNs,
      pid_namespace: event.pidNs,
      ancestors: ancestorsOf(p).map((a) => describe(a, bootEpochMs)),
    },
  };
}
