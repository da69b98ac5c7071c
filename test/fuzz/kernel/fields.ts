/**
 * A record as the reference evaluator takes events. Reads the bytes by the field table, so that neither the matcher
 * nor its decoder is believed.
 */
import {
  eventTypeById,
  FIELDS,
  type Field,
  type FileEvent,
  ID_UNCHANGED,
  KNOWN_CONTEXT,
} from "@weir/matcher-wasm/format";
import { completeEvent, type EventFields, type EventValue } from "@weir/rules";
import { knownOf } from "@weir/rules/testing";
import { decoded, type Seen } from "./records.ts";

export interface JudgedEvent {
  /** Name of the type. */
  readonly type: string;
  readonly record: FileEvent;
  readonly fields: EventFields;
  /** KNOWN_* bits of what the kernel knew; never the context. */
  readonly known: number;
}

const byType = new Map<string, readonly Field[]>();

function fieldsOf(type: string): readonly Field[] {
  let fields = byType.get(type);
  if (fields === undefined) {
    fields = FIELDS.filter(({ event }) => event === undefined || event === type);
    byType.set(type, fields);
  }
  return fields;
}

/** @returns undefined for what follows from other fields, and for what the record does not have */
function readValue({ source, type }: Field, record: FileEvent, view: DataView): EventValue | undefined {
  switch (source.from) {
    case "path":
      return source.slot === "file" ? record.pathBytes : record.destinationBytes;
    case "u32":
      return (view.getUint32(source.offset, true) & (source.mask ?? 0xffffffff)) >>> 0;
    case "u64":
      return BigInt.asIntN(64, view.getBigUint64(source.offset, true));
    case "i32":
      return view.getInt32(source.offset, true);
    case "id32": {
      const id = view.getUint32(source.offset, true);
      return id === ID_UNCHANGED ? -1 : id;
    }
    case "flag": {
      const set = (record.flags & source.bit) !== 0;
      return type === "bool" ? set : Number(set);
    }
    case "comm":
      return record.comm;
    case "filesystem":
      return record.filesystem;
    case "text":
      return record.text;
    default:
      return undefined;
  }
}

export function judgedEvent(seen: Seen): JudgedEvent {
  const record = decoded(seen);
  const type = eventTypeById(seen.type)?.name ?? "";
  const view = new DataView(seen.bytes.buffer, seen.bytes.byteOffset, seen.bytes.byteLength);
  const values = fieldsOf(type).flatMap((field) => {
    const value = readValue(field, record, view);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  const known = knownOf(record.flags) & ~KNOWN_CONTEXT;
  return { type, record, fields: completeEvent(type, Object.fromEntries(values)), known };
}
