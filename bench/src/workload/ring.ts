/** Events as they lie in the ring buffer, in the spans in which the agent hands them over. */
import { encodeEvent, encodeSpan, RING_HEADER_BYTES, ringFootprint } from "@weir/matcher-wasm/format";
import { completeEvent, type EventFields } from "@weir/rules";
import type { HostEvent } from "./host.ts";

/** As the agent's pipeline reads. */
export const SPAN_BYTES_MAX = 1 << 16;

export const GENERATION = 1;
/** Bit in the tenant masks. */
export const TENANT = 0;

/** Consecutive records; `offsets` of the records, `first` of them is that event. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly offsets: readonly number[];
}

export interface RingedEvent {
  readonly type: string;
  /** Everything that follows from the event's fields filled in. */
  readonly fields: EventFields;
}

/** @returns the events with all fields, and the spans that hold them in their order */
export function ringOf(
  events: readonly (HostEvent | RingedEvent)[],
  spanBytesMax = SPAN_BYTES_MAX,
): { readonly events: RingedEvent[]; readonly spans: Span[] } {
  const records = events.map(({ type, fields }) =>
    encodeEvent(type, fields, { generation: GENERATION, tenants: 1n << BigInt(TENANT) }),
  );
  const spans: Span[] = [];
  for (let first = 0; first < records.length; ) {
    const offsets: number[] = [];
    let bytes = 0;
    for (const record of records.slice(first)) {
      const next = bytes + ringFootprint(record.length);
      if (next > spanBytesMax) break;
      offsets.push(bytes + RING_HEADER_BYTES);
      bytes = next;
    }
    spans.push({ bytes: encodeSpan(records.slice(first, first + offsets.length)), first, offsets });
    first += offsets.length;
  }
  return { events: events.map(({ type, fields }) => ({ type, fields: completeEvent(type, fields) })), spans };
}
