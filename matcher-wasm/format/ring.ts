/**
 * The span that the ring reader hands over: BPF ring buffer records, headers included.
 *
 * Invariant: a span is walked up to the first record that is busy or whose header claims more bytes than
 * the span has; discarded records are passed over.
 */
import { RING_BUSY_BIT, RING_DISCARD_BIT, RING_HEADER_BYTES, RING_LENGTH_MASK } from "./record.ts";

/** Where a committed record lies in its span; `offset` is that of the record itself, past the ring header. */
export interface RingRecord {
  readonly offset: number;
  /** Bytes that the ring buffer reserved; the record's own size is at most this. */
  readonly length: number;
}

/** @returns bytes that a reservation of `length` bytes takes in the ring, header and padding included */
export function ringFootprint(length: number): number {
  return (RING_HEADER_BYTES + length + 7) & ~7;
}

/**
 * @param span ring bytes, starting at a ring header
 * @yields each committed record in order; returns the offset at which the walk ended: the span's length, or
 *   the header of the first record that is not yet committed or does not fit
 */
export function* ringRecords(span: Uint8Array, start = 0): Generator<RingRecord, number> {
  const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
  let at = start;
  while (at + RING_HEADER_BYTES <= span.byteLength) {
    const header = view.getInt32(at, true);
    if ((header & RING_BUSY_BIT) !== 0) return at;
    const length = header & RING_LENGTH_MASK;
    const next = at + ringFootprint(length);
    if (next > span.byteLength) return at;
    if ((header & RING_DISCARD_BIT) === 0) yield { offset: at + RING_HEADER_BYTES, length };
    at = next;
  }
  return at;
}
