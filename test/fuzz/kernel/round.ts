/** Runs cases under one agent and two unfiltered kernel stages, and judges them. */
import type { AttachMode } from "@weir/agent";
import type { Counters } from "@weir/agent/testing";
import { type Finding, judge, NO_TALLY, type Tally } from "./judge.ts";
import { Oracle } from "./oracle.ts";
import { type Case, SETTLE_AND_SWAP } from "./plan.ts";
import { type Compiled, compile, Subject } from "./subject.ts";
import { makeFolder, runWorkload, type WorkloadResult } from "./workload.ts";

export interface RoundResult {
  readonly tally: Tally;
  readonly findings: readonly Finding[];
  /** Some stage lost events, so nothing was judged. */
  readonly lossy: boolean;
  readonly swaps: number;
  readonly workload: WorkloadResult;
}

export interface HarnessOptions {
  /** The kernel stage that is tried. */
  readonly object: Uint8Array;
  /** The one that is believed, without its filters. */
  readonly reference: Uint8Array;
  readonly attach: AttachMode | "auto";
}

const PUMP_INTERVAL_MS = 5;

export class Harness {
  readonly subject: Subject;
  readonly #oracles: readonly [before: Oracle, after: Oracle];
  readonly #pump: NodeJS.Timeout;
  #rounds = 0;

  private constructor(subject: Subject, oracles: readonly [Oracle, Oracle]) {
    this.subject = subject;
    this.#oracles = oracles;
    this.#pump = setInterval(() => this.#drain(), PUMP_INTERVAL_MS);
  }

  /** @throws StageUnavailableError */
  static async open({ object, reference, attach }: HarnessOptions): Promise<Harness> {
    // Programs at one hook run in the order in which they came, or in the opposite one.
    const before = await Oracle.open({ object: reference, attach });
    const subject = Subject.open({ object, attach: before.mode });
    const after = await Oracle.open({ object: reference, attach: before.mode });
    return new Harness(subject, [before, after]);
  }

  get mode(): AttachMode {
    return this.subject.mode;
  }

  #drain(): void {
    for (const oracle of this.#oracles) oracle.pump();
  }

  async #losses(): Promise<number> {
    return this.#oracles.reduce((sum, oracle) => sum + oracle.losses(), await this.subject.losses());
  }

  /** Events of the whole machine in the filtering stage. */
  counters(): Counters {
    return this.subject.counters();
  }

  /** @throws Error when the case itself cannot be run */
  async run(found: Case): Promise<RoundResult> {
    const folder = makeFolder();
    try {
      const generations = await Promise.all(found.generations.map((rules) => compile(rules, folder.root)));
      return await this.#run(found, generations, folder.root);
    } finally {
      folder.remove();
    }
  }

  async #run(found: Case, generations: readonly Compiled[], root: string): Promise<RoundResult> {
    const { subject } = this;
    const comm = `fuzz-${process.pid % 100_000}-${this.#rounds++}`;
    const swaps = new Swaps(subject, generations);
    await swaps.next();
    await subject.settle();
    this.#drain();
    const lossesBefore = await this.#losses();
    const recorders = [subject, ...this.#oracles].map(({ recorder }) => recorder);
    subject.start(comm);
    for (const { recorder } of this.#oracles) recorder.start(comm);
    const timer = found.swapEveryMs === undefined ? undefined : setInterval(() => void swaps.next(), found.swapEveryMs);
    const onSettle = async (what: number): Promise<void> => {
      await subject.settle();
      if (what === SETTLE_AND_SWAP) await swaps.next();
    };
    const workload = await runWorkload({ plan: found.plan, root, comm, onSettle }).finally(() => clearInterval(timer));
    await swaps.idle();
    await subject.settle();
    this.#drain();
    const [filtered, before, after] = recorders.map((recorder) => recorder.stop());
    const lossy = (await this.#losses()) !== lossesBefore;
    const common = { swaps: swaps.count, workload, lossy };
    if (lossy || !filtered || !before || !after) return { ...common, tally: { ...NO_TALLY }, findings: [] };
    const { terms, detections } = subject;
    return { ...common, ...judge({ before, after, filtered, terms, detections }) };
  }

  async close(): Promise<void> {
    clearInterval(this.#pump);
    await this.subject.close();
    for (const oracle of this.#oracles) oracle.close();
  }
}

/** Takes the generations in turn, one swap at a time. */
class Swaps {
  count = 0;
  readonly #subject: Subject;
  readonly #generations: readonly Compiled[];
  #last: Promise<void> = Promise.resolve();
  #pending = false;

  constructor(subject: Subject, generations: readonly Compiled[]) {
    this.#subject = subject;
    this.#generations = generations;
  }

  /** Resolves after the swap; where one is under way already, after that one. */
  next(): Promise<void> {
    if (this.#pending) return this.#last;
    const generation = this.#generations[this.count++ % this.#generations.length];
    if (generation === undefined) throw new RangeError("a case without rules");
    this.#pending = true;
    this.#last = this.#subject.activate(generation).finally(() => {
      this.#pending = false;
    });
    return this.#last;
  }

  async idle(): Promise<void> {
    await this.#last;
  }
}
