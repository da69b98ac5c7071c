/**
 * From the ring buffer to detections: reads a span, has it judged by the matchers of the generations it is
 * stamped with, and follows it record by record, so that each event meets the process table of its moment.
 *
 * Invariant: every file event is judged once for each tenant in its mask, by the generation it was captured
 * under; an event whose generation is not at hand is counted, never judged by another.
 */
import {
  type DecodedRecord,
  decodeRecord,
  EVENT_TYPE_MAX,
  type FileEvent,
  INPUT_BYTES,
  RECORD_GENERATION,
  RECORD_TENANTS,
  RECORD_TYPE,
  ringRecords,
} from "@weir/matcher-wasm/format";
import type { RingReader } from "../kernel/ring.ts";
import type { Process } from "../process/process.ts";
import type { ProcessTable } from "../process/table.ts";
import { contextOf } from "./context.ts";
import type { ActiveBundle, Generation } from "./generation.ts";

/** An event together with the rules of one bundle that it matched. */
export interface Match {
  readonly event: FileEvent;
  readonly process: Process;
  readonly bundle: ActiveBundle;
  /** Indices into the manifest's rules, ascending. */
  readonly rules: readonly number[];
}

export interface PipelineCounters {
  /** File events read from the ring. */
  events: number;
  /** Pairs of event and matching rule. */
  matches: number;
  /** Events of a generation that is no longer, or not yet, at hand. */
  unjudged: number;
  /** Records that contradict their own layout. */
  malformed: number;
}

interface Judged {
  readonly bundle: ActiveBundle;
  readonly rules: number[];
  candidate: boolean;
}

interface SpanHeader {
  readonly offset: number;
  readonly file: boolean;
  readonly generation: number;
  readonly tenants: bigint;
}

/** Bytes handled in one step: some hundred events, so that a step takes milliseconds even when all of them match. */
const SPAN_BYTES_MAX = 1 << 16;

export class Pipeline {
  readonly counters: PipelineCounters = { events: 0, matches: 0, unjudged: 0, malformed: 0 };
  readonly #ring: RingReader;
  readonly #processes: ProcessTable;
  readonly #onMatch: (match: Match) => void;
  readonly #generations = new Map<number, Generation>();
  /** Generations that end when the reader reaches a position of the ring. */
  readonly #retiring: { number: number; position: bigint }[] = [];
  readonly #span = new Uint8Array(INPUT_BYTES);

  constructor(parts: { ring: RingReader; processes: ProcessTable; onMatch: (match: Match) => void }) {
    this.#ring = parts.ring;
    this.#processes = parts.processes;
    this.#onMatch = parts.onMatch;
  }

  /** Makes a generation known; call it before the kernel stage stamps events with its number. */
  add(generation: Generation): void {
    this.#generations.set(generation.number, generation);
  }

  /** Takes back a generation that never became current. */
  remove(number: number): void {
    this.#generations.delete(number);
  }

  /**
   * Ends all generations before this one, once everything that is in the ring now has been read. Call it
   * when no program stamps events with an older number any more.
   */
  retireBefore(number: number): void {
    const position = this.#ring.producedPosition();
    for (const old of this.#generations.keys()) if (old < number) this.#retiring.push({ number: old, position });
  }

  /** Numbers of the generations at hand. */
  get generations(): number[] {
    return [...this.#generations.keys()];
  }

  /**
   * Handles one span of what is in the ring.
   * @returns bytes handled; 0 when there was nothing
   */
  step(): number {
    // With one matcher the ring's bytes go straight into its memory; others get a copy.
    const bundles = [...this.#generations.values()].flatMap((g) => g.bundles);
    const span = bundles[0]?.matcher.input ?? this.#span;
    const length = this.#ring.read(span.subarray(0, SPAN_BYTES_MAX));
    if (length > 0) {
      const headers = readHeaders(span.subarray(0, length));
      const judged = this.#judge(span, length, headers);
      for (const header of headers) this.#follow(span, header, judged.get(header.offset) ?? []);
      this.#ring.release(length);
    }
    this.#retire();
    return length;
  }

  #retire(): void {
    const consumed = this.#ring.consumedPosition();
    for (let next = this.#retiring[0]; next && next.position <= consumed; next = this.#retiring[0]) {
      this.#generations.delete(next.number);
      this.#retiring.shift();
    }
  }

  /** First pass, in WebAssembly: which rules each record may match. */
  #judge(span: Uint8Array, length: number, headers: readonly SpanHeader[]): Map<number, Judged[]> {
    const judged = new Map<number, Judged[]>();
    const wanted = new Map<number, bigint>();
    for (const { file, generation, tenants } of headers)
      if (file) wanted.set(generation, (wanted.get(generation) ?? 0n) | tenants);
    for (const [number, tenants] of wanted) {
      for (const bundle of this.#generations.get(number)?.bundles ?? []) {
        if ((tenants & (1n << BigInt(bundle.slot))) === 0n) continue;
        const { matcher } = bundle;
        if (matcher.input !== span) matcher.input.set(span.subarray(0, length));
        for (const verdict of matcher.matchBatch({ length, generation: number, tenant: bundle.slot })) {
          const mine = entryOf(judged, verdict.recordOffset, bundle);
          if (verdict.candidate) mine.candidate = true;
          else mine.rules.push(verdict.rule);
        }
      }
    }
    return judged;
  }

  /** Second pass, in the order of the ring. */
  #follow(span: Uint8Array, header: SpanHeader, judged: readonly Judged[]): void {
    if (header.file) {
      this.counters.events++;
      if (!this.#generations.has(header.generation)) this.counters.unjudged++;
      if (judged.length === 0) return;
    }
    let record: DecodedRecord;
    try {
      record = decodeRecord(span, header.offset);
    } catch {
      this.counters.malformed++;
      return;
    }
    if (record.kind !== "file") {
      this.#processes.apply(record);
      return;
    }
    const process = this.#processes.processOf(record);
    for (const { bundle, rules, candidate } of judged) {
      const more = candidate ? bundle.matcher.matchContext(header.offset, contextOf(process)) : [];
      const all = [...rules, ...more].sort((a, b) => a - b);
      if (all.length === 0) continue;
      this.counters.matches += all.length;
      this.#onMatch({ event: record, process, bundle, rules: all });
    }
  }
}

/** The entry of a bundle for a record, made where there is none. */
function entryOf(judged: Map<number, Judged[]>, offset: number, bundle: ActiveBundle): Judged {
  const entries = judged.get(offset) ?? [];
  if (entries.length === 0) judged.set(offset, entries);
  const known = entries.find((entry) => entry.bundle === bundle);
  if (known) return known;
  const entry: Judged = { bundle, rules: [], candidate: false };
  entries.push(entry);
  return entry;
}

function readHeaders(span: Uint8Array): SpanHeader[] {
  const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
  const headers: SpanHeader[] = [];
  for (const { offset, length } of ringRecords(span)) {
    if (length < RECORD_GENERATION + 4) continue;
    headers.push({
      offset,
      file: view.getUint16(offset + RECORD_TYPE, true) <= EVENT_TYPE_MAX,
      generation: view.getUint32(offset + RECORD_GENERATION, true),
      tenants: view.getBigUint64(offset + RECORD_TENANTS, true),
    });
  }
  return headers;
}
