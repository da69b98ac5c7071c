/**
 * From the ring buffer to detections: reads a span, has it judged by the matchers of the generations it is
 * stamped with, and follows it record by record, so that each event meets the process table of its moment.
 *
 * Invariant: every event with a tenant mask, of a file or of the life of a process, is judged once for each tenant
 * in it, by the generation it was captured under; an event whose generation is not at hand is counted, never
 * judged by another. An exec is judged with the process as it is after it, an exit before the process is forgotten.
 * An operation on a file of several names has a record for each; a rule matches it once, by the first that fits.
 */
import {
  type DecodedRecord,
  decodeRecord,
  FILE_DIRECTORY_KEY,
  FILE_PATH_LEN,
  FILE_PATHS,
  FILE_TYPE_MAX,
  FLAG_KEPT_NAME,
  FLAG_OTHER_NAME,
  INPUT_BYTES,
  PROCESS_EXEC,
  PROCESS_EXIT,
  pad8,
  RECORD_GENERATION,
  RECORD_TENANTS,
  RECORD_TYPE,
  ringRecords,
} from "@weir/matcher-wasm/format";
import type { VariableState } from "@weir/matcher-wasm/host";
import type { RingReader } from "../kernel/ring.ts";
import type { Discarder } from "../kernel/stage.ts";
import type { ProcessTable } from "../process/table.ts";
import { EventContext } from "./context/context.ts";
import type { HostSources, JudgedRecord } from "./context/facts.ts";
import { decide } from "./decide.ts";
import { type DiscarderCounters, DiscarderLearner } from "./discarders.ts";
import { type ActiveBundle, type Generation, LINKS_SLOT } from "./generation.ts";
import type { WatchedLinks } from "./links.ts";
import { SpentRules } from "./spent.ts";

/** An event together with the rules of one bundle that it matched. */
export interface Match {
  readonly event: EventContext;
  readonly bundle: ActiveBundle;
  /** Indices into the manifest's rules, ascending. */
  readonly rules: readonly number[];
}

export interface PipelineCounters {
  /** Events read from the ring that some tenant's rules judge. */
  events: number;
  /** Pairs of event and matching rule. */
  matches: number;
  /** Events of a generation that is no longer, or not yet, at hand. */
  unjudged: number;
  /** Records that contradict their own layout. */
  malformed: number;
  /** Events that one tenant's rules did not judge, because its module is broken. */
  broken: number;
}

interface Judged {
  readonly bundle: ActiveBundle;
  readonly rules: number[];
  candidate: boolean;
}

interface SpanHeader {
  readonly offset: number;
  readonly length: number;
  readonly type: number;
  readonly file: boolean;
  /** Some tenant's rules want it. */
  readonly judged: boolean;
  readonly generation: number;
  readonly tenants: bigint;
  /** The keeper of hard links wants it. */
  readonly kept: boolean;
}

/** Kept up to date at every step, for whom looks from another thread. */
export interface PipelineProgress {
  /** Position in the ring behind the last record that was handled. */
  handled: bigint;
  /** The module of the bundle with this serial number runs. */
  enter(serial: number): void;
  leave(): void;
}

export interface PipelineParts {
  readonly ring: Pick<RingReader, "read" | "release" | "producedPosition" | "consumedPosition">;
  readonly processes: ProcessTable;
  readonly sources: HostSources;
  readonly links: Pick<WatchedLinks, "note" | "isGone">;
  readonly progress: PipelineProgress;
  readonly onMatch: (match: Match) => void;
  /** To have the kernel stage drop events of a type in a directory. */
  readonly onDiscard: (discarder: Discarder) => void;
  /** A module trapped, or answered nonsense; it is not called again. */
  readonly onBroken: (bundle: ActiveBundle, error: unknown) => void;
  readonly onRetired: (generation: number) => void;
}

/** Proving one takes a microsecond or so; a new generation learns its directories within seconds. */
const PROOFS_PER_SECOND = 2000;
const REFUSALS_MAX = 8192;
const SLASH = 0x2f;
const LINKS_BIT = 1n << BigInt(LINKS_SLOT);

/** Bytes handled in one step: some hundred events, so that a step takes milliseconds even when all of them match. */
const SPAN_BYTES_MAX = 1 << 16;

export class Pipeline {
  readonly counters: PipelineCounters = { events: 0, matches: 0, unjudged: 0, malformed: 0, broken: 0 };
  readonly #parts: PipelineParts;
  readonly #discarders: DiscarderLearner;
  readonly #broken = new Set<ActiveBundle>();
  readonly #generations = new Map<number, Generation>();
  #variables: readonly VariableState[] = [];
  /** Generations that end when the reader reaches a position of the ring. */
  readonly #retiring: { number: number; position: bigint }[] = [];
  readonly #span = new Uint8Array(INPUT_BYTES);
  readonly #spent = new SpentRules();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#discarders = new DiscarderLearner({
      prove: (...request) => this.prove(...request),
      discard: (discarder) => {
        const isCurrent = discarder.generation === this.generations.at(-1)?.number;
        if (isCurrent) parts.onDiscard(discarder);
        return isCurrent;
      },
      proofsPerSecond: PROOFS_PER_SECOND,
      refusalsMax: REFUSALS_MAX,
    });
  }

  /** What was learned of silent directories. */
  get discarders(): Readonly<DiscarderCounters> {
    return this.#discarders.counters;
  }

  /** Makes a generation known; call it before the kernel stage stamps events with its number. */
  add(generation: Generation): void {
    this.#generations.set(generation.number, generation);
    this.#adjust();
  }

  /** Takes back a generation that never became current. */
  remove(number: number): void {
    this.#generations.delete(number);
    this.#adjust();
  }

  /**
   * Ends all generations before this one, once everything that is in the ring now has been read. Call it
   * when no program stamps events with an older number any more.
   */
  retireBefore(number: number): void {
    const position = this.#parts.ring.producedPosition();
    for (const old of this.#generations.keys()) if (old < number) this.#retiring.push({ number: old, position });
  }

  /** The generations at hand. */
  get generations(): readonly Generation[] {
    return [...this.#generations.values()];
  }

  /** Values of variables of all bundles at hand, each once. */
  get variables(): readonly VariableState[] {
    return this.#variables;
  }

  /** Whether a bundle's matcher proves a directory silent for an event type. */
  prove(bundle: ActiveBundle, type: number, directory: Uint8Array): boolean {
    return this.#call(bundle, () => bundle.matcher.prove(type, directory)) ?? false;
  }

  get #bundles(): ActiveBundle[] {
    return [...this.#generations.values()].flatMap((generation) => generation.bundles);
  }

  /** Keeps what the bundles at hand need of processes and variables, and no more. */
  #adjust(): void {
    const bundles = this.#bundles;
    this.#parts.processes.execDetails = [...new Set(bundles.flatMap(({ plan }) => plan.execDetails))];
    const states = Map.groupBy(bundles, ({ variables }) => variables.state);
    for (const [state, sharing] of states) state.keepOnly(sharing.flatMap(({ variables }) => variables.variables));
    this.#variables = [...states.keys()];
  }

  /**
   * Handles one span of what is in the ring.
   * @returns bytes handled; 0 when there was nothing
   */
  step(): number {
    // With one matcher the ring's bytes go straight into its memory; others get a copy.
    const span = this.#bundles[0]?.matcher.input ?? this.#span;
    const length = this.#parts.ring.read(span.subarray(0, SPAN_BYTES_MAX));
    if (length > 0) {
      const headers = readHeaders(span.subarray(0, length));
      const judged = this.#judge(span, length, headers);
      const start = this.#parts.ring.consumedPosition();
      for (const header of headers) {
        this.#follow(span, header, judged.get(header.offset) ?? []);
        this.#parts.progress.handled = start + BigInt(header.offset + pad8(header.length));
      }
      this.#parts.ring.release(length);
      this.#parts.progress.handled = start + BigInt(length);
    }
    this.#retire();
    return length;
  }

  #retire(): void {
    const consumed = this.#parts.ring.consumedPosition();
    for (let next = this.#retiring[0]; next && next.position <= consumed; next = this.#retiring[0]) {
      this.#generations.delete(next.number);
      this.#retiring.shift();
      this.#adjust();
      this.#parts.onRetired(next.number);
    }
  }

  /** First pass, in WebAssembly: which rules each record may match. */
  #judge(span: Uint8Array, length: number, headers: readonly SpanHeader[]): Map<number, Judged[]> {
    const judged = new Map<number, Judged[]>();
    const wanted = new Map<number, bigint>();
    for (const { judged: wants, generation, tenants } of headers)
      if (wants) wanted.set(generation, (wanted.get(generation) ?? 0n) | tenants);
    for (const [number, tenants] of wanted) {
      const { bundles } = this.#generations.get(number) ?? { bundles: undefined };
      if (bundles === undefined) continue;
      const present = bundles.reduce((mask, { slot }) => mask | (1n << BigInt(slot)), 0n);
      this.counters.broken += countOf(headers, number, tenants & ~present);
      for (const bundle of bundles) {
        if ((tenants & (1n << BigInt(bundle.slot))) === 0n) continue;
        const { matcher } = bundle;
        if (matcher.input !== span) matcher.input.set(span.subarray(0, length));
        const verdicts = this.#call(bundle, () =>
          matcher.matchBatch({ length, generation: number, tenant: bundle.slot }),
        );
        if (verdicts === undefined) this.counters.broken += countOf(headers, number, 1n << BigInt(bundle.slot));
        for (const verdict of verdicts ?? []) {
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
    if (header.judged) {
      this.counters.events++;
      if (!this.#generations.has(header.generation)) this.counters.unjudged++;
    }
    if (header.file && judged.length === 0 && !header.kept) {
      this.#learn(span, header);
      return;
    }
    let record: DecodedRecord;
    try {
      record = decodeRecord(span, header.offset);
    } catch {
      this.counters.malformed++;
      return;
    }
    if (header.kept && record.kind === "file") this.#parts.links.note(record);
    if (record.kind === "exec" || record.kind === "fork") this.#parts.processes.apply(record);
    if (judged.length > 0 && record.kind !== "fork") this.#decide(record, header.offset, judged);
    if (record.kind === "exit") this.#parts.processes.apply(record);
  }

  /**
   * Calls into a bundle's module. One that does not return is seen from outside; one that throws is broken.
   * @returns undefined for a broken one
   */
  #call<T>(bundle: ActiveBundle, into: () => T): T | undefined {
    if (this.#broken.has(bundle)) return undefined;
    this.#parts.progress.enter(bundle.serial);
    try {
      return into();
    } catch (error) {
      this.#broken.add(bundle);
      this.#parts.onBroken(bundle, error);
      return undefined;
    } finally {
      this.#parts.progress.leave();
    }
  }

  /** An event that no rule of any tenant matches, as far as its own generation goes. */
  #learn(span: Uint8Array, { offset, length, type, generation: number }: SpanHeader): void {
    const generation = this.#generations.get(number);
    if (!generation || length < FILE_PATHS) return;
    const view = new DataView(span.buffer, span.byteOffset + offset, length);
    const directoryKey = view.getBigUint64(FILE_DIRECTORY_KEY, true);
    const pathLength = view.getUint16(FILE_PATH_LEN, true);
    if (directoryKey === 0n || FILE_PATHS + pathLength > length) return;
    const path = span.subarray(offset + FILE_PATHS, offset + FILE_PATHS + pathLength);
    const directory = path.subarray(0, path.lastIndexOf(SLASH));
    this.#discarders.consider({ generation: number, directoryKey, type, directory }, generation);
  }

  #decide(record: JudgedRecord, recordOffset: number, judged: readonly Judged[]): void {
    if (record.kind === "file" && record.flags & FLAG_KEPT_NAME && this.#parts.links.isGone(record)) return;
    const event = new EventContext(record, this.#parts.processes.processOf(record), this.#parts.sources);
    for (const { bundle, rules, candidate } of judged) {
      const spent = record.flags & FLAG_OTHER_NAME ? this.#spent.of(record, bundle) : undefined;
      const matched = this.#call(bundle, () => decide({ bundle, recordOffset, event, rules, candidate, spent }));
      if (matched === undefined) this.counters.broken++;
      if (matched === undefined || matched.length === 0) continue;
      if (record.kind === "file") this.#spent.add(record, bundle, matched);
      this.counters.matches += matched.length;
      this.#parts.onMatch({ event, bundle, rules: matched });
    }
  }
}

/** Events of a span that rules of these tenants would have judged. */
function countOf(headers: readonly SpanHeader[], number: number, mask: bigint): number {
  if (mask === 0n) return 0;
  const theirs = ({ judged, generation, tenants }: SpanHeader): boolean =>
    judged && generation === number && (tenants & mask) !== 0n;
  return headers.filter(theirs).length;
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
    const type = view.getUint16(offset + RECORD_TYPE, true);
    const mask = view.getBigUint64(offset + RECORD_TENANTS, true);
    const tenants = mask & ~LINKS_BIT;
    const file = type <= FILE_TYPE_MAX;
    const judged = tenants !== 0n && (file || type === PROCESS_EXEC || type === PROCESS_EXIT);
    const generation = view.getUint32(offset + RECORD_GENERATION, true);
    headers.push({ offset, length, type, file, judged, generation, tenants, kept: mask !== tenants });
  }
  return headers;
}
