/**
 * A detection: an event that a rule matched, with the process behind it. Times are ISO 8601 in UTC, modes octal
 * strings, numbers of 64 bits decimal strings. What is not known is absent, unless its field says otherwise.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  EVENT_TYPES,
  type FieldType,
  type FileEvent,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_IN_UPPER_LAYER,
} from "@weir/matcher-wasm/format";
import type { ContextValue, VariableStore } from "@weir/matcher-wasm/host";
import type { ManifestRule } from "@weir/trust";
import { describeEvent, type EventDescription, octal } from "./detection-event.ts";
import type { EventContext } from "./match/context/context.ts";
import type { HostSources } from "./match/context/facts.ts";
import type { AccountKind } from "./process/accounts.ts";
import type { Process } from "./process/process.ts";

export interface DetectedProcess {
  readonly pid: number;
  /** Distinguishes processes that had the same pid one after the other. */
  readonly start: string;
  readonly comm: string;
  readonly executable: string;
  readonly args: readonly string[];
  readonly args_truncated: boolean;
  /** Empty outside a container, and where it is not known. */
  readonly container_id: string;
}

/** By the kind's bits of a mode, include/uapi/linux/stat.h. */
const FILE_KINDS = {
  1: "fifo",
  2: "character device",
  4: "directory",
  6: "block device",
  8: "file",
  10: "symlink",
  12: "socket",
} as const satisfies Readonly<Record<number, string>>;
type FileKind = (typeof FILE_KINDS)[keyof typeof FILE_KINDS];

export interface DetectedFile {
  readonly path: string;
  /** Only the end of the path is known, and its rules were taken to match. */
  readonly path_truncated: boolean;
  readonly destination?: string;
  readonly destination_truncated?: boolean;
  /**
   * The path that was used, where `path` is another name of the same file: by another mount, or another hard link. The
   * same for the destination.
   */
  readonly used_path?: string;
  readonly used_destination?: string;
  /** From here on absent where the event was resolved without the file itself. Before the operation. */
  readonly inode?: string;
  readonly type?: FileKind;
  readonly device?: number;
  readonly mount_id?: number;
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly user?: string;
  readonly group?: string;
  readonly modified?: string;
  readonly changed?: string;
  readonly filesystem?: string;
  readonly in_upper_layer?: boolean;
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
  readonly event: EventDescription;
  /** Of exec and exit: the executable. */
  readonly file: DetectedFile;
  readonly process: DetectedProcess & {
    readonly tid: number;
    readonly ppid: number;
    readonly uid: number;
    readonly gid: number;
    readonly euid: number;
    readonly egid: number;
    readonly user?: string;
    readonly group?: string;
    readonly euser?: string;
    readonly egroup?: string;
    /** Login user; null when the process descends from no login. */
    readonly auid: number | null;
    readonly cgroup_id: string;
    readonly cgroup?: string;
    readonly mount_namespace: number;
    readonly pid_namespace: number;
    /** From the parent to init. */
    readonly ancestors: readonly DetectedProcess[];
  };
  /** Variables of the bundle that are not private, as the actions of this event left them; null: not known. */
  readonly variables?: Readonly<Record<string, DetectedValue>>;
}

/** Integers beyond 53 bits are decimal strings. */
export type DetectedValue = string | number | boolean | null | readonly (string | number | boolean)[];

export interface DetectionInput {
  readonly event: EventContext;
  readonly tenant: string;
  readonly bundle: string;
  readonly rule: ManifestRule;
  readonly variables?: VariableStore;
}

const UNSET = 0xffffffff;
const NAMES = new Map(EVENT_TYPES.map(({ id, name }) => [id, name]));
const BOOT_ID = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

const timeOf = (epochNs: bigint): string => new Date(Number(epochNs / 1_000_000n)).toISOString();

function describe(p: Process, { clock }: HostSources): DetectedProcess {
  return {
    pid: p.tgid,
    start: timeOf(clock.epochNs(p.startNs)),
    comm: p.comm,
    executable: p.image.path,
    args: p.image.args,
    args_truncated: p.image.argsTruncated,
    container_id: p.cgroup?.container?.id ?? "",
  };
}

type Names = Readonly<Partial<Record<string, string>>>;

/** Names of accounts by the field they go to, those left out that nobody knows. */
function namesOf(event: EventContext, ids: Record<string, readonly [AccountKind, number]>): Names {
  const names = Object.entries(ids).map(([field, [kind, id]]) => [field, event.nameOf(kind, id)]);
  return Object.fromEntries(names.filter(([, name]) => name));
}

function describeFile(event: EventContext): DetectedFile {
  const { record, process } = event;
  if (record.kind !== "file") return { path: process.image.path, path_truncated: process.image.pathTruncated };
  const hasDestination = record.destinationBytes.length > 0 && NAMES.get(record.type) !== "mount";
  return {
    path: record.path,
    path_truncated: record.pathTruncated,
    ...(hasDestination ? { destination: record.destination, destination_truncated: record.destinationTruncated } : {}),
    ...(record.usedPath === "" ? {} : { used_path: record.usedPath }),
    ...(record.usedDestination === "" ? {} : { used_destination: record.usedDestination }),
    ...((record.flags & FLAG_ATTRIBUTES_UNKNOWN) !== 0 ? {} : describeAttributes(record, event)),
  };
}

function kindOf(mode: number): Pick<DetectedFile, "type"> {
  const type = (FILE_KINDS as Readonly<Record<number, FileKind>>)[mode >> 12];
  return type ? { type } : {};
}

function describeAttributes(record: FileEvent, event: EventContext): Omit<DetectedFile, "path" | "path_truncated"> {
  return {
    inode: String(record.inode),
    ...kindOf(record.mode),
    device: record.dev,
    mount_id: record.mountId,
    mode: octal(record.mode),
    uid: record.fileUid,
    gid: record.fileGid,
    ...namesOf(event, { user: ["user", record.fileUid], group: ["group", record.fileGid] }),
    modified: timeOf(record.mtimeNs),
    changed: timeOf(record.ctimeNs),
    filesystem: record.filesystem,
    in_upper_layer: (record.flags & FLAG_IN_UPPER_LAYER) !== 0,
  };
}

/** Bytes of text that is no UTF-8 are replaced, as in paths; addresses are hexadecimal. */
function plain(value: ContextValue, type: FieldType): DetectedValue {
  const one = (single: unknown): string | number | boolean => {
    if (typeof single === "bigint") return Number.isSafeInteger(Number(single)) ? Number(single) : String(single);
    return typeof single === "string" || typeof single === "boolean"
      ? single
      : Buffer.from(single as Uint8Array).toString(type === "ip" ? "hex" : "utf8");
  };
  if (value === null || value === undefined) return null;
  return Array.isArray(value) ? value.map(one) : one(value);
}

/** Those that are set or not known; the others say nothing. */
function describeVariables(event: EventContext, store: VariableStore): Pick<Detection, "variables"> {
  const values = store.variables.flatMap((variable) => {
    const value = variable.private ? undefined : store.read(variable.name, event.subject);
    const isUnset = value === undefined || (Array.isArray(value) && value.length === 0);
    return isUnset ? [] : [[variable.name, plain(value, variable.type)] as const];
  });
  return values.length === 0 ? {} : { variables: Object.fromEntries(values) };
}

export function detectionOf({ event, tenant, bundle, rule, variables }: DetectionInput): Detection {
  const { record, process: p, lineage, sources } = event;
  const type = NAMES.get(record.type) ?? String(record.type);
  return {
    id: createHash("sha256")
      .update(JSON.stringify([BOOT_ID, bundle, rule.id, type, String(record.timeNs), record.tid]))
      .digest("hex")
      .slice(0, 32),
    time: timeOf(sources.clock.epochNs(record.timeNs)),
    host: sources.host.hostname,
    tenant,
    rule: { id: rule.id, ...(rule.description ? { description: rule.description } : {}), tags: rule.tags },
    bundle,
    generation: record.generation,
    event: describeEvent(event, type),
    file: describeFile(event),
    process: {
      ...describe({ ...p, comm: record.comm }, sources),
      tid: record.tid,
      ppid: record.ppid,
      uid: record.uid,
      gid: record.gid,
      euid: record.euid,
      egid: record.egid,
      ...namesOf(event, {
        user: ["user", record.uid],
        group: ["group", record.gid],
        euser: ["user", record.euid],
        egroup: ["group", record.egid],
      }),
      auid: record.auid === UNSET ? null : record.auid,
      cgroup_id: String(record.cgroupId),
      ...(p.cgroup ? { cgroup: p.cgroup.path } : {}),
      mount_namespace: record.mountNs,
      pid_namespace: record.pidNs,
      ancestors: lineage.processes.map((ancestor) => describe(ancestor, sources)),
    },
    ...(variables ? describeVariables(event, variables) : {}),
  };
}
