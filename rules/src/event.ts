/** Events as flat maps of field names, with what follows from one field filled in for the others. */
import { FIELDS, type FieldSource } from "@weir/matcher-wasm/format";
import type { EventFields, EventValue } from "./evaluate.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Fills in the fields that the record derives from another one and that are absent: last component and
 * length of a path, permission bits of a mode.
 * @param type name of the event type
 * @returns a new map; fields of other types are left as they are
 */
export function completeEvent(type: string, event: EventFields): EventFields {
  const complete: Record<string, EventValue | readonly EventValue[] | undefined> = { ...event };
  for (const field of FIELDS) {
    if (field.event !== type || complete[field.name] !== undefined) continue;
    const derived = derive(type, field.source, event);
    if (derived !== undefined) complete[field.name] = derived;
  }
  return complete;
}

function derive(type: string, source: FieldSource, event: EventFields): EventValue | undefined {
  if (source.from === "basename" || source.from === "pathLength") {
    const path = read(type, event, (s) => s.from === "path" && s.slot === source.slot);
    if (typeof path !== "string" && !(path instanceof Uint8Array)) return undefined;
    const bytes = typeof path === "string" ? encoder.encode(path) : path;
    if (source.from === "pathLength") return bytes.length;
    const name = bytes.subarray(bytes.lastIndexOf(0x2f) + 1);
    return typeof path === "string" ? decoder.decode(name) : name;
  }
  if (source.from === "u32" && source.mask !== undefined) {
    const whole = read(type, event, (s) => s.from === "u32" && s.offset === source.offset && s.mask === undefined);
    if (typeof whole === "number" || typeof whole === "bigint") return BigInt(whole) & BigInt(source.mask);
  }
  return undefined;
}

function read(type: string, event: EventFields, wanted: (source: FieldSource) => boolean): unknown {
  const field = FIELDS.find((f) => f.event === type && wanted(f.source));
  return field === undefined ? undefined : event[field.name];
}
