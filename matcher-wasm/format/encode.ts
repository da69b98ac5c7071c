/**
 * Writes records and spans as the kernel stage does: for tests, conformance vectors and replay.
 *
 * Invariant: what is encoded decodes to the same values; a value that the layout can't hold is an
 * `EncodeError`, never cut.
 */
import {
  type ExecRecord,
  type ExitRecord,
  type FileEvent,
  type ForkRecord,
  pad8,
  type RecordHeader,
} from "./decode.ts";
import { extensionOf, nameOf, namespaceOf } from "./derive.ts";
import { eventTypeById, eventTypeByName, FIELDS, type Field, type PathSlot } from "./fields.ts";
import * as r from "./record.ts";
import { ringFootprint } from "./ring.ts";

/** A value that a record can't hold. */
export class EncodeError extends RangeError {
  override readonly name = "EncodeError";
}

type Common = Partial<Omit<RecordHeader, "size" | "type">>;
type FileOnly = Omit<
  FileEvent,
  | keyof RecordHeader
  | "kind"
  | "pathBytes"
  | "destinationBytes"
  | "pathTruncated"
  | "destinationTruncated"
  | "textTruncated"
>;

type FilePath = "path" | "destination" | "usedPath" | "usedDestination";

/** A record by the names that `decodeRecord` gives; whatever is left out is 0 or empty. */
export type RecordInit =
  | ({ readonly kind: "file"; readonly type: number } & Common &
      Partial<Omit<FileOnly, FilePath | "text">> &
      Partial<Record<FilePath | "text", string | Uint8Array>>)
  | ({ readonly kind: "fork" } & Common & Partial<Pick<ForkRecord, "forkerStartNs" | "forkerTgid">>)
  | ({ readonly kind: "exec" } & Common & Partial<Pick<ExecRecord, "path" | "args">>)
  | ({ readonly kind: "exit" } & Common & Partial<Pick<ExitRecord, never>>);

/** Values by field name, as the reference evaluator takes them. */
export type FieldValue = string | Uint8Array | number | bigint | boolean;

/** What a record has beside its fields. */
export interface EventStamp {
  readonly generation?: number;
  readonly tenants?: bigint;
  readonly timeNs?: bigint;
  /** FLAG_* bits besides those that fields set. */
  readonly flags?: number;
}

const encoder = new TextEncoder();
const bytesOf = (text: string | Uint8Array): Uint8Array => (typeof text === "string" ? encoder.encode(text) : text);

/** @throws EncodeError */
export function encodeRecord(init: RecordInit): Uint8Array {
  switch (init.kind) {
    case "file":
      return encodeFile(init);
    case "fork": {
      const { bytes, view } = encodeHeader(init, r.PROCESS_FORK, r.FORK_BYTES);
      setInteger(view, "forkerStartNs", "u64", r.FORK_FORKER_START_NS, init.forkerStartNs ?? 0n);
      setInteger(view, "forkerTgid", "u32", r.FORK_FORKER_TGID, init.forkerTgid ?? 0);
      return bytes;
    }
    case "exec":
      return encodeExec(init);
    case "exit":
      return encodeHeader(init, r.PROCESS_EXIT, r.RECORD_HEADER_BYTES).bytes;
  }
}

/**
 * @param type name of the event type
 * @param fields by field name; fields of other types and context fields are ignored, fields that follow
 *   from a path or a mode may be given when they agree with it
 * @throws EncodeError
 */
export function encodeEvent(
  type: string,
  fields: Readonly<Record<string, FieldValue | readonly FieldValue[] | undefined>>,
  stamp: EventStamp = {},
): Uint8Array {
  const eventType = eventTypeByName(type);
  if (eventType === undefined) throw new EncodeError(`event type ${JSON.stringify(type)} is unknown`);
  const given = recordFields(type).flatMap((field) => {
    const value = Object.hasOwn(fields, field.name) ? fields[field.name] : undefined;
    return value === undefined ? [] : [{ field, value: scalar(field, value) }];
  });
  const text = (wanted: (field: Field) => boolean): string | Uint8Array => {
    const found = given.find(({ field }) => wanted(field));
    return found === undefined ? "" : stringOf(found.field, found.value);
  };
  const bytes = eventType.file
    ? encodeFile({
        kind: "file",
        type: eventType.id,
        ...stamp,
        path: text(({ source }) => source.from === "path" && source.slot === "file"),
        destination: text(({ source }) => source.from === "path" && source.slot === "destination"),
        text: text(({ source }) => source.from === "text"),
      })
    : encodeRecord({ kind: eventType.id === r.PROCESS_EXEC ? "exec" : "exit", ...stamp });
  const view = new DataView(bytes.buffer);
  // Parts of a field come after the field itself, so that they can be compared with it.
  const isPart = (field: Field): number => ("mask" in field.source && field.source.mask !== undefined ? 1 : 0);
  for (const { field, value } of [...given].sort((a, b) => isPart(a.field) - isPart(b.field)))
    setField(bytes, view, field, value, fields);
  return bytes;
}

const fieldsByType = new Map<string, readonly Field[]>();

/** @returns the fields that records of the type hold */
function recordFields(type: string): readonly Field[] {
  let fields = fieldsByType.get(type);
  if (fields === undefined) {
    fields = FIELDS.filter((field) => (field.event ?? type) === type && field.source.from !== "context");
    fieldsByType.set(type, fields);
  }
  return fields;
}

/** One entry of a span; a discarded or busy record is there but must not be read. */
export interface SpanEntry {
  readonly record: Uint8Array;
  readonly discarded?: boolean;
  readonly busy?: boolean;
}

/** @returns the records behind each other with their ring headers, as the ring buffer holds them */
export function encodeSpan(entries: readonly (SpanEntry | Uint8Array)[]): Uint8Array {
  const all = entries.map((entry) => (entry instanceof Uint8Array ? { record: entry } : entry));
  const span = new Uint8Array(all.reduce((sum, { record }) => sum + ringFootprint(record.length), 0));
  const view = new DataView(span.buffer);
  let at = 0;
  for (const { record, discarded = false, busy = false } of all) {
    const bits = (discarded ? r.RING_DISCARD_BIT : 0) | (busy ? r.RING_BUSY_BIT : 0);
    view.setInt32(at, record.length | bits, true);
    span.set(record, at + r.RING_HEADER_BYTES);
    at += ringFootprint(record.length);
  }
  return span;
}

function encodeHeader(init: Common, type: number, size: number): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(r.RECORD_SIZE, size, true);
  view.setUint16(r.RECORD_TYPE, type, true);
  view.setUint16(r.RECORD_FLAGS, init.flags ?? 0, true);
  for (const [name, offset] of [
    ["timeNs", r.RECORD_TIME_NS],
    ["tenants", r.RECORD_TENANTS],
    ["processStartNs", r.RECORD_PROCESS_START_NS],
    ["cgroupId", r.RECORD_CGROUP_ID],
  ] as const)
    setInteger(view, name, "u64", offset, init[name] ?? 0n);
  setInteger(view, "retval", "i32", r.RECORD_RETVAL, init.retval ?? 0);
  for (const [name, offset] of [
    ["generation", r.RECORD_GENERATION],
    ["tgid", r.RECORD_TGID],
    ["tid", r.RECORD_TID],
    ["ppid", r.RECORD_PPID],
    ["uid", r.RECORD_UID],
    ["gid", r.RECORD_GID],
    ["euid", r.RECORD_EUID],
    ["egid", r.RECORD_EGID],
    ["fsuid", r.RECORD_FSUID],
    ["fsgid", r.RECORD_FSGID],
    ["auid", r.RECORD_AUID],
    ["mountNs", r.RECORD_MOUNT_NS],
    ["pidNs", r.RECORD_PID_NS],
  ] as const)
    setInteger(view, name, "u32", offset, init[name] ?? 0);
  setShort(bytes, "comm", r.RECORD_COMM, init.comm ?? "");
  return { bytes, view };
}

function encodeFile(init: Extract<RecordInit, { kind: "file" }>): Uint8Array<ArrayBuffer> {
  if (eventTypeById(init.type)?.file !== true) throw new EncodeError(`type ${init.type} is no file event`);
  const [path, destination, usedPath, usedDestination] = (
    ["path", "destination", "usedPath", "usedDestination"] as const
  ).map((name) => pathBytes(name, init[name] ?? "")) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const text = bytesOf(init.text ?? "");
  if (text.length > r.TEXT_BYTES_MAX)
    throw new EncodeError(`text of ${text.length} bytes, at most ${r.TEXT_BYTES_MAX}`);
  const destinationAt = r.FILE_PATHS + pad8(path.length);
  const textAt = destinationAt + pad8(destination.length);
  const usedAt = textAt + pad8(text.length);
  const usedDestinationAt = usedAt + pad8(usedPath.length);
  const { bytes, view } = encodeHeader(init, init.type, usedDestinationAt + pad8(usedDestination.length));
  setInteger(view, "inode", "u64", r.FILE_INODE, init.inode ?? 0n);
  setInteger(view, "mtimeNs", "u64", r.FILE_MTIME_NS, init.mtimeNs ?? 0n);
  setInteger(view, "ctimeNs", "u64", r.FILE_CTIME_NS, init.ctimeNs ?? 0n);
  setInteger(view, "directoryKey", "u64", r.FILE_DIRECTORY_KEY, init.directoryKey ?? 0n);
  for (const [name, offset] of [
    ["dev", r.FILE_DEV],
    ["mountId", r.FILE_MOUNT_ID],
    ["mode", r.FILE_MODE],
    ["fileUid", r.FILE_UID],
    ["fileGid", r.FILE_GID],
    ["opFlags", r.FILE_OP_FLAGS],
    ["opMode", r.FILE_OP_MODE],
    ["opUid", r.FILE_OP_UID],
    ["opGid", r.FILE_OP_GID],
  ] as const)
    setInteger(view, name, "u32", offset, init[name] ?? 0);
  setShort(bytes, "filesystem", r.FILE_FILESYSTEM, init.filesystem ?? "");
  view.setUint16(r.FILE_PATH_LEN, path.length, true);
  view.setUint16(r.FILE_DEST_LEN, destination.length, true);
  view.setUint16(r.FILE_TEXT_LEN, text.length, true);
  view.setUint16(r.FILE_USED_LEN, usedPath.length, true);
  view.setUint16(r.FILE_USED_DEST_LEN, usedDestination.length, true);
  bytes.set(path, r.FILE_PATHS);
  bytes.set(destination, destinationAt);
  bytes.set(text, textAt);
  bytes.set(usedPath, usedAt);
  bytes.set(usedDestination, usedDestinationAt);
  return bytes;
}

function encodeExec(init: Extract<RecordInit, { kind: "exec" }>): Uint8Array {
  const path = pathBytes("path", init.path ?? "");
  const args = encoder.encode((init.args ?? []).map((arg) => `${arg}\0`).join(""));
  if (args.length > r.ARGS_BYTES_MAX)
    throw new EncodeError(`arguments of ${args.length} bytes, at most ${r.ARGS_BYTES_MAX}`);
  const argsAt = r.EXEC_PATH + pad8(path.length);
  const { bytes, view } = encodeHeader(init, r.PROCESS_EXEC, argsAt + pad8(args.length));
  view.setUint16(r.EXEC_PATH_LEN, path.length, true);
  view.setUint16(r.EXEC_ARGS_LEN, args.length, true);
  bytes.set(path, r.EXEC_PATH);
  bytes.set(args, argsAt);
  return bytes;
}

function pathBytes(name: string, text: string | Uint8Array): Uint8Array {
  const bytes = bytesOf(text);
  if (bytes.length > r.PATH_BYTES_MAX)
    throw new EncodeError(`${name} of ${bytes.length} bytes, at most ${r.PATH_BYTES_MAX}`);
  return bytes;
}

/** Texts of at most 15 bytes in 16: comm, file system. */
function setShort(record: Uint8Array, name: string, offset: number, text: string | Uint8Array): void {
  const bytes = bytesOf(text);
  if (bytes.length >= r.COMM_BYTES || bytes.includes(0))
    throw new EncodeError(`${name} of ${bytes.length} bytes, at most ${r.COMM_BYTES - 1} and none of them NUL`);
  record.fill(0, offset, offset + r.COMM_BYTES);
  record.set(bytes, offset);
}

type IntegerKind = "u32" | "i32" | "u64";

const RANGES: Readonly<Record<IntegerKind, readonly [bigint, bigint]>> = {
  u32: [0n, 0xffffffffn],
  i32: [-0x80000000n, 0x7fffffffn],
  // Fields of the rule language are signed: the upper half of the range reads as negative there.
  u64: [-0x8000000000000000n, 0xffffffffffffffffn],
};

function setInteger(view: DataView, name: string, kind: IntegerKind, offset: number, value: number | bigint): void {
  const [min, max] = RANGES[kind];
  if (typeof value === "number" && !Number.isSafeInteger(value))
    throw new EncodeError(`${name} ${value}: expected an integer`);
  const integer = BigInt(value);
  if (integer < min || integer > max) throw new EncodeError(`${name} ${value}: expected ${kind}, ${min} to ${max}`);
  if (kind === "u64") view.setBigUint64(offset, BigInt.asUintN(64, integer), true);
  else view.setUint32(offset, Number(BigInt.asUintN(32, integer)), true);
}

function scalar(field: Field, value: FieldValue | readonly FieldValue[]): FieldValue {
  if (Array.isArray(value)) throw new EncodeError(`${field.name}: expected one ${field.type}, received an array`);
  return value as FieldValue;
}

function stringOf(field: Field, value: FieldValue): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  throw new EncodeError(`${field.name}: expected a string, received ${typeof value}`);
}

function integerOf(field: Field, value: FieldValue): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw new EncodeError(`${field.name}: expected an integer, received ${typeof value}`);
}

function setField(
  record: Uint8Array,
  view: DataView,
  field: Field,
  value: FieldValue,
  fields: Readonly<Record<string, unknown>>,
): void {
  const { source } = field;
  switch (source.from) {
    case "u32":
    case "i32":
    case "u64":
      if (source.mask === undefined) setInteger(view, field.name, source.from, source.offset, integerOf(field, value));
      else setPart(view, field, source.offset, source.mask, integerOf(field, value), fields);
      return;
    case "flag":
      if (typeof value !== "boolean") throw new EncodeError(`${field.name}: expected a boolean`);
      if (value) view.setUint16(r.RECORD_FLAGS, view.getUint16(r.RECORD_FLAGS, true) | source.bit, true);
      return;
    case "id32": {
      const id = BigInt(integerOf(field, value));
      setInteger(view, field.name, "u32", source.offset, id === -1n ? r.ID_UNCHANGED : id);
      return;
    }
    case "comm":
      setShort(record, field.name, r.RECORD_COMM, stringOf(field, value));
      return;
    case "filesystem":
      setShort(record, field.name, r.FILE_FILESYSTEM, stringOf(field, value));
      return;
    case "pathLength":
      requireLength(field, value, pathIn(record, view, source.slot));
      return;
    case "nameLength":
      requireLength(field, value, nameOf(pathIn(record, view, source.slot)));
      return;
    case "basename":
      requireText(field, value, nameOf(pathIn(record, view, source.slot)), "the last component of the path");
      return;
    case "extension":
      requireText(field, value, extensionOf(pathIn(record, view, source.slot)), "the extension of the path");
      return;
    case "textPrefix":
      requireText(field, value, namespaceOf(textIn(record, view)), "the namespace of the attribute");
      return;
    case "path":
    case "text":
    case "context":
    case "variable":
      return;
  }
}

function pathIn(record: Uint8Array, view: DataView, slot: PathSlot): Uint8Array {
  const pathLength = view.getUint16(r.FILE_PATH_LEN, true);
  const start = slot === "file" ? r.FILE_PATHS : r.FILE_PATHS + pad8(pathLength);
  return record.subarray(start, start + (slot === "file" ? pathLength : view.getUint16(r.FILE_DEST_LEN, true)));
}

function textIn(record: Uint8Array, view: DataView): Uint8Array {
  const paths = pad8(view.getUint16(r.FILE_PATH_LEN, true)) + pad8(view.getUint16(r.FILE_DEST_LEN, true));
  return record.subarray(r.FILE_PATHS + paths, r.FILE_PATHS + paths + view.getUint16(r.FILE_TEXT_LEN, true));
}

function requireLength(field: Field, value: FieldValue, of: Uint8Array): void {
  if (BigInt(integerOf(field, value)) !== BigInt(of.length))
    throw new EncodeError(`${field.name} ${String(value)}: it has ${of.length} bytes`);
}

function requireText(field: Field, value: FieldValue, expected: Uint8Array, what: string): void {
  const received = bytesOf(stringOf(field, value));
  if (received.length !== expected.length || received.some((byte, i) => byte !== expected[i]))
    throw new EncodeError(`${field.name}: is not ${what}`);
}

/** Permission bits of a mode: set them where the mode is not given, else they have to agree. */
function setPart(
  view: DataView,
  field: Field,
  offset: number,
  mask: number,
  value: number | bigint,
  fields: Readonly<Record<string, unknown>>,
): void {
  const part = BigInt(value);
  if ((part & ~BigInt(mask)) !== 0n)
    throw new EncodeError(`${field.name} ${value}: has bits outside 0o${mask.toString(8)}`);
  const whole = view.getUint32(offset, true);
  const wholeGiven = FIELDS.some(
    ({ name, event, source }) =>
      event === field.event &&
      source.from === "u32" &&
      source.offset === offset &&
      source.mask === undefined &&
      fields[name] !== undefined,
  );
  if (!wholeGiven) view.setUint32(offset, whole | Number(part), true);
  else if ((whole & mask) !== Number(part))
    throw new EncodeError(`${field.name} ${value}: the whole value is 0o${whole.toString(8)}`);
}
