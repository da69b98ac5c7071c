/**
 * What was lost, as an event of its own: counters of the kernel stage and of the pipeline are looked at again and
 * again, and what they have grown by since becomes one event for a span of time, at most one in a second.
 *
 * Invariant: the events of all loss events are together what the counters have counted by the last look.
 */
import { randomUUID } from "node:crypto";
import { type Counters, LOSS_CAUSES } from "./kernel/counters.ts";
import type { PipelineCounters } from "./match/pipeline.ts";

/** Whose rules may have missed an event of a type that was lost. */
export interface LossWatchers {
  readonly generation: number;
  readonly tenants: readonly string[];
}

export interface LostType {
  /** Of the event; `fork`; or `unknown` where the loss does not tell. */
  readonly type: string;
  readonly events: number;
  /** Events by cause. */
  readonly causes: Readonly<Record<string, number>>;
  /** Generations of the span that are interested in the type; only those of their rules can have missed anything. */
  readonly watched_by: readonly LossWatchers[];
}

/** Written beside detections, to the same place; `event.type` tells it from them. */
export interface LossEvent {
  readonly id: string;
  /** When it was noticed, ISO 8601 in UTC, as all times. */
  readonly time: string;
  readonly host: string;
  readonly event: { readonly type: "loss" };
  readonly loss: {
    /** Nothing of this was lost before, nor after. */
    readonly from: string;
    readonly to: string;
    /** All types together. */
    readonly events: number;
    readonly types: readonly LostType[];
    /** Whether some rule of that time may have missed a change: a tenant is interested in one of the types. */
    readonly watched_paths_affected: boolean;
    /** Whether forks, execs or exits are among them, so that processes may lack ancestors or show those of before. */
    readonly lineage_incomplete: boolean;
    /** Of delivery: the one sink that lacks them; the others have them. */
    readonly sink?: string;
    /** Nobody can tell how many; `events` is 0. */
    readonly uncounted?: true;
  };
}

/** What was lost since the agent started. */
export interface LossCounters {
  readonly kernel: Counters;
  readonly missedRuns: number;
  readonly pipeline: Pick<PipelineCounters, "unjudged" | "malformed" | "broken">;
}

const UNKNOWN = "unknown";
const LINEAGE_TYPES = ["fork", "exec", "exit", UNKNOWN];
/** At most one event in this time; what is lost meanwhile is part of the next. */
export const LOSS_INTERVAL_MS = 1000;

type Tally = readonly { readonly type: string; readonly cause: string; readonly events: number }[];

/** Events lost since the start, by event type and cause; those that have lost none included. */
export function lossTally({ kernel, missedRuns, pipeline }: LossCounters): Tally {
  return [
    ...Object.entries(kernel).flatMap(([type, counters]) =>
      LOSS_CAUSES.map(([name, cause]) => ({ type, cause, events: counters[name] })),
    ),
    { type: UNKNOWN, cause: "program left out", events: missedRuns },
    { type: UNKNOWN, cause: "malformed record", events: pipeline.malformed },
    { type: UNKNOWN, cause: "unknown generation", events: pipeline.unjudged },
    { type: UNKNOWN, cause: "broken module", events: pipeline.broken },
  ];
}

/** Events lost since the start, by whatever cause. */
export const lostEvents = (counters: LossCounters): number =>
  lossTally(counters).reduce((sum, { events }) => sum + events, 0);

/** Of a generation, what tells whose rules an event may have been for. */
export type Watched = {
  readonly number: number;
  readonly bundles: readonly {
    readonly bundle: {
      readonly manifest: { readonly tenant: string };
      readonly seeds: { readonly interests: readonly { readonly event: string }[] };
    };
  }[];
};

function watchersOf(type: string, generations: readonly Watched[]): LossWatchers[] {
  return generations.flatMap(({ number, bundles }) => {
    const wants = bundles.filter(
      ({ bundle }) => type === UNKNOWN || bundle.seeds.interests.some(({ event }) => event === type),
    );
    const tenants = wants.map(({ bundle }) => bundle.manifest.tenant);
    return tenants.length > 0 ? [{ generation: number, tenants }] : [];
  });
}

export interface LossLook {
  readonly counters: LossCounters;
  /** Those that an event may still be judged by. */
  readonly generations: readonly Watched[];
  readonly nowMs: number;
  /** Whatever was lost is told now; there is no later look. */
  readonly isLast?: boolean;
}

export class LossLedger {
  readonly #host: string;
  /** What has been told by now, by type and cause. */
  readonly #told = new Map<string, number>();
  #fromMs: number;
  #eventMs = Number.NEGATIVE_INFINITY;
  /** All of the span, by number. */
  readonly #generations = new Map<number, Watched>();

  constructor({ host, nowMs }: { readonly host: string; readonly nowMs: number }) {
    this.#host = host;
    this.#fromMs = nowMs;
  }

  /** Says that events may be judged by a generation from now on, however short that is before the next look. */
  begins(generation: Watched): void {
    this.#generations.set(generation.number, generation);
  }

  /** @returns the event, if anything was lost that is to be told now */
  look({ counters, generations, nowMs, isLast = false }: LossLook): LossEvent | undefined {
    for (const generation of generations) this.begins(generation);
    const now = lossTally(counters);
    const fresh = now.flatMap(({ type, cause, events }) => {
      const more = events - (this.#told.get(`${type}/${cause}`) ?? 0);
      return more > 0 ? [{ type, cause, events: more }] : [];
    });
    // The clock may have been set back meanwhile.
    const sinceEventMs = Math.abs(nowMs - this.#eventMs);
    if (fresh.length > 0 && sinceEventMs < LOSS_INTERVAL_MS && !isLast) return undefined;
    const span = [...this.#generations.values()];
    const from = this.#fromMs;
    this.#fromMs = nowMs;
    this.#generations.clear();
    for (const generation of generations) this.begins(generation);
    if (fresh.length === 0) return undefined;
    for (const { type, cause, events } of now) this.#told.set(`${type}/${cause}`, events);
    this.#eventMs = nowMs;
    return this.#event(fresh, span, { from, to: nowMs });
  }

  #event(fresh: Tally, span: readonly Watched[], { from, to }: { from: number; to: number }): LossEvent {
    const types = [...Map.groupBy(fresh, ({ type }) => type)].map(([type, losses]) => ({
      type,
      events: losses.reduce((sum, { events }) => sum + events, 0),
      causes: Object.fromEntries(losses.map(({ cause, events }) => [cause, events])),
      watched_by: watchersOf(type, span),
    }));
    return {
      id: randomUUID(),
      time: new Date(to).toISOString(),
      host: this.#host,
      event: { type: "loss" },
      loss: {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        events: types.reduce((sum, { events }) => sum + events, 0),
        types,
        watched_paths_affected: types.some(({ watched_by }) => watched_by.length > 0),
        lineage_incomplete: types.some(({ type }) => LINEAGE_TYPES.includes(type)),
      },
    };
  }
}
