/**
 * Learns discarders: directories in which, for an event type, no rule of the active generation can match. The kernel
 * stage then drops such events.
 *
 * Invariant: a directory is discarded only when the matcher of every bundle of that generation that wants the type
 * has proven it silent. Which events show up decides what is asked, never what is answered; asking is bounded in
 * time and memory, so a flood of directories costs events that pass, not the agent.
 */
import { eventTypeByName } from "@weir/matcher-wasm/format";
import type { Discarder } from "../kernel/stage.ts";
import type { ActiveBundle, Generation } from "./generation.ts";

export interface SilentEvent extends Discarder {
  /** Path of the directory, as in the record. */
  readonly directory: Uint8Array;
}

export interface DiscarderCounters {
  /** Directories asked for. */
  proofs: number;
  /** Those given to the kernel stage. */
  learned: number;
  /** Events that were not asked about, as there had been too many. */
  deferred: number;
}

export interface DiscarderOptions {
  /** @returns whether it was taken; it is not when another generation is current by now */
  readonly discard: (discarder: Discarder) => boolean;
  /** Whether a bundle's matcher proves a directory silent for an event type. */
  readonly prove: (bundle: ActiveBundle, type: number, directory: Uint8Array) => boolean;
  readonly proofsPerSecond: number;
  /** Answers "not proven" that are remembered. */
  readonly refusalsMax: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export class DiscarderLearner {
  readonly counters: DiscarderCounters = { proofs: 0, learned: 0, deferred: 0 };
  readonly #options: DiscarderOptions;
  readonly #now: () => number;
  #generation: Generation | undefined;
  /** Bundles that want a type, by its id. */
  #wanting = new Map<number, readonly ActiveBundle[]>();
  /** In the order of use, the oldest first. */
  readonly #refused = new Set<bigint>();
  #budget: number;
  #refilledAt: number;

  constructor(options: DiscarderOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = options.proofsPerSecond;
    this.#refilledAt = this.#now();
  }

  /** An event that no rule matched nor may match; its generation is at hand. */
  consider(event: SilentEvent, generation: Generation): void {
    if (generation !== this.#generation) this.#begin(generation);
    const identity = (event.directoryKey << 8n) | BigInt(event.type);
    if (this.#isRefused(identity)) return;
    if (!this.#mayAsk()) {
      this.counters.deferred++;
      return;
    }
    this.counters.proofs++;
    const bundles = this.#bundlesWanting(event.type);
    if (bundles.length > 0 && bundles.every((bundle) => this.#options.prove(bundle, event.type, event.directory))) {
      if (this.#options.discard(event)) this.counters.learned++;
    } else this.#refuse(identity);
  }

  #begin(generation: Generation): void {
    this.#generation = generation;
    this.#wanting = new Map();
    this.#refused.clear();
  }

  #bundlesWanting(type: number): readonly ActiveBundle[] {
    const known = this.#wanting.get(type);
    if (known) return known;
    const bundles = (this.#generation?.bundles ?? []).filter(({ bundle }) =>
      bundle.seeds.interests.some(({ event }) => eventTypeByName(event)?.id === type),
    );
    this.#wanting.set(type, bundles);
    return bundles;
  }

  #isRefused(identity: bigint): boolean {
    if (!this.#refused.delete(identity)) return false;
    this.#refused.add(identity);
    return true;
  }

  #refuse(identity: bigint): void {
    this.#refused.add(identity);
    if (this.#refused.size <= this.#options.refusalsMax) return;
    for (const oldest of this.#refused) {
      this.#refused.delete(oldest);
      return;
    }
  }

  #mayAsk(): boolean {
    const now = this.#now();
    const { proofsPerSecond } = this.#options;
    this.#budget = Math.min(proofsPerSecond, this.#budget + ((now - this.#refilledAt) / 1000) * proofsPerSecond);
    this.#refilledAt = now;
    if (this.#budget < 1) return false;
    this.#budget--;
    return true;
  }
}
