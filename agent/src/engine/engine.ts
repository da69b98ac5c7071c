/**
 * From the ring to detections, in the thread that it is made in: pipeline, process table, watched links, and the
 * generations' matchers.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Matcher, type VariableState } from "@weir/matcher-wasm/host";
import { detectionOf } from "../detection.ts";
import type { IdentityMap } from "../kernel/identities.ts";
import type { RingReader } from "../kernel/ring.ts";
import { Clock } from "../match/clock.ts";
import { readHostFacts } from "../match/context/host.ts";
import { type ActiveBundle, activeBundle, type Generation } from "../match/generation.ts";
import { hostRoot, mattersTo, WatchedLinks } from "../match/links.ts";
import { type Match, Pipeline } from "../match/pipeline.ts";
import { Accounts } from "../process/accounts.ts";
import { ProcessTable } from "../process/table.ts";
import type { Progress } from "./progress.ts";
import type { EngineEvents, EngineHandle, EngineStatus, GivenBundle, Refusal } from "./protocol.ts";

/** Longest time without looking at the ring; the kernel wakes the reader at once when it is idle. */
const WAIT_MS = 100;
/** Time with the ring before other work of the event loop gets its turn: activation, status. */
const TURN_MS = 10;
/** Detections that may wait to be taken. With more, events wait in the ring, and the kernel counts what it has no room for. */
const QUEUED_MAX = 20_000;
const QUEUE_PAUSE_MS = 2;

export interface EngineParts {
  readonly ring: RingReader;
  readonly identities: IdentityMap;
  readonly progress: Progress;
  readonly events: EngineEvents;
}

export class Engine implements EngineHandle {
  readonly #ring: RingReader;
  readonly #progress: Progress;
  readonly #events: EngineEvents;
  readonly #pipeline: Pipeline;
  readonly #processes: ProcessTable;
  readonly #links: WatchedLinks;
  #loop: Promise<void> | undefined;
  #active: readonly ActiveBundle[] = [];
  #stopping = false;

  constructor({ ring, identities, progress, events }: EngineParts) {
    this.#ring = ring;
    this.#progress = progress;
    this.#events = events;
    this.#processes = new ProcessTable({
      onProcessEnd: (process, keepInherited) => this.#release("process", process, keepInherited),
      onContainerEnd: (container) => this.#release("container", container),
    });
    this.#links = new WatchedLinks({
      root: hostRoot(),
      keep: (key, path) => identities.keep(key, path),
      drop: (key) => identities.drop(key),
    });
    this.#pipeline = new Pipeline({
      ring,
      progress,
      processes: this.#processes,
      sources: { host: readHostFacts(), accounts: new Accounts(), clock: new Clock() },
      links: this.#links,
      onMatch: (match) => this.#detect(match),
      onDiscard: events.onDiscard,
      onBroken: ({ bundle: { manifest, digest } }, error) => {
        const reason = error instanceof Error ? error.message : String(error);
        events.onBroken({ tenant: manifest.tenant, digest, reason });
      },
      onRetired: events.onRetired,
    });
    this.#processes.scan();
  }

  /** Starts reading the ring. The generations that its events are of have been prepared by then. */
  begin(): void {
    this.#loop ??= this.#run().catch(this.#events.onFailure);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const end = performance.now() + TURN_MS;
      let more = true;
      while (more && performance.now() < end && this.#progress.queued <= QUEUED_MAX) more = this.#step();
      if (this.#progress.queued > QUEUED_MAX) await sleep(QUEUE_PAUSE_MS);
      else if (more) await new Promise(setImmediate);
      else await this.#ring.wait(WAIT_MS);
    }
    while (this.#step());
  }

  /** @returns whether there was anything */
  #step(): boolean {
    const more = this.#pipeline.step() > 0;
    this.#progress.turn();
    return more;
  }

  #detect({ event, bundle: { bundle, variables }, rules }: Match): void {
    const { tenant } = bundle.manifest;
    const detections = rules.flatMap((index) => {
      const rule = bundle.manifest.rules[index];
      return rule && !rule.silent ? [detectionOf({ event, tenant, bundle: bundle.digest, rule, variables })] : [];
    });
    if (detections.length === 0) return;
    this.#events.onDetections(detections);
  }

  #release(scope: "process" | "container", identity: string, keepInherited = false): void {
    for (const state of this.#pipeline.variables) state.release(scope, identity, { keepInherited });
  }

  async prepare(number: number, bundles: readonly GivenBundle[]): Promise<readonly Refusal[]> {
    const refused: Refusal[] = [];
    const next: ActiveBundle[] = [];
    for (const { broken, ...placed } of bundles) {
      const { tenant } = placed.bundle.manifest;
      const before = this.#active.find((active) => active.bundle.manifest.tenant === tenant);
      if (before?.serial === placed.serial) {
        next.push(before);
        continue;
      }
      if (broken === "absent") continue;
      try {
        if (broken === "refused") throw new Error("its module did not return when it was loaded");
        this.#progress.load(placed.serial);
        const matcher = await Matcher.load(placed.bundle.wasm);
        next.push(activeBundle({ ...placed, matcher, state: before?.variables.state }));
      } catch (error) {
        refused.push({ tenant, error: error as Error });
        if (before) next.push(before);
      } finally {
        this.#progress.load(undefined);
      }
    }
    this.#active = next;
    this.#pipeline.add({ number, bundles: next });
    return refused;
  }

  cancel(number: number): void {
    this.#pipeline.remove(number);
    this.#active = this.#pipeline.generations.at(-1)?.bundles ?? [];
  }

  retireBefore(number: number): void {
    this.#pipeline.retireBefore(number);
    const current = this.#pipeline.generations.find((generation) => generation.number === number);
    if (current) void this.#watchLinks(current);
  }

  #watchLinks(generation: Generation): Promise<void> {
    const seeds = generation.bundles.map(({ slot, bundle }) => ({ tenant: slot, seeds: bundle.seeds }));
    return this.#links.watch(
      seeds,
      mattersTo(generation, (...request) => this.#pipeline.prove(...request)),
    );
  }

  async status(): Promise<EngineStatus> {
    const states = this.#pipeline.variables;
    const sum = (count: (state: VariableState) => number): number => states.reduce((n, s) => n + count(s), 0);
    return {
      pipeline: { ...this.#pipeline.counters },
      discarders: { ...this.#pipeline.discarders },
      links: { ...this.#links.counters },
      processes: this.#processes.size,
      variables: {
        values: sum(({ size }) => size),
        evicted: sum(({ counters }) => counters.evicted),
        dropped: sum(({ counters }) => counters.dropped),
      },
      restarts: 0,
    };
  }

  async stop(): Promise<EngineStatus> {
    this.#links.stop();
    this.#stopping = true;
    await this.#loop;
    return this.status();
  }
}
