/**
 * Whole processes beside the same with nothing attached, for each watcher, in turns within one run: in each round every
 * workload runs once unwatched and once for each watcher, and is compared with the same round's. Open and close, which
 * takes little time, is compared with what it took right before the watcher came and right after it went.
 */
import { median } from "../interleave.ts";
import type { Cost } from "./cost.ts";
import { Load } from "./load.ts";
import { type Observer, otherObservers, UnavailableError, WATCHED, WeirObserver } from "./observers.ts";
import type { WeirAttached } from "./weir.ts";
import { prepareWorkloads, type Workload, type Workloads } from "./workloads.ts";

/** Of one workload beside one watcher. */
export interface ProcessCost {
  readonly what: string;
  readonly beside: string;
  readonly rounds: number;
  /** Medians; `alone` is with nothing attached. */
  readonly aloneMs: number;
  readonly elapsedMs: number;
  /** Ratios of a round to the same unwatched: the median, and the least and the greatest. */
  readonly elapsedOverAlone: number;
  readonly elapsedOverAloneMin: number;
  readonly elapsedOverAloneMax: number;
  /** The same of the time on processors, without the watcher's own. */
  readonly processorOverAlone: number;
  readonly processorOverAloneMin: number;
  readonly processorOverAloneMax: number;
}

/** What became of the file events during a workload; others on the host have their share in them. */
export interface KernelShare {
  readonly what: string;
  readonly fileEvents: number;
  readonly droppedInKernel: number;
  readonly lost: number;
}

export interface ProcessCosts {
  readonly watched: string;
  readonly weir: WeirAttached | undefined;
  readonly processes: readonly ProcessCost[];
  readonly kernel: readonly KernelShare[];
  /** Watchers that did not run, and why. */
  readonly unavailable: readonly { readonly what: string; readonly why: string }[];
}

export interface ProcessOptions {
  /** Empty; the caller removes it. */
  readonly folder: string;
  /** Of the load program. */
  readonly load: string;
  readonly quick: boolean;
  readonly budgetMs: number;
  readonly roundsMin: number;
  readonly progress: (line: string) => void;
}

interface Sample {
  readonly alone: Cost;
  readonly watched: Cost;
}

/** Figures under two names each. */
class Table<T> {
  readonly #rows = new Map<string, T>();
  readonly #initial: () => T;

  constructor(initial: () => T) {
    this.#initial = initial;
  }

  at(what: string, beside = ""): T {
    const key = `${what}\0${beside}`;
    const row = this.#rows.get(key) ?? this.#initial();
    this.#rows.set(key, row);
    return row;
  }
}

const mean = (a: Cost, b: Cost): Cost => ({
  elapsedMs: (a.elapsedMs + b.elapsedMs) / 2,
  processorMs: (a.processorMs + b.processorMs) / 2,
});

class Measurement {
  readonly #samples = new Table<Sample[]>(() => []);
  readonly #shares = new Table(() => ({ seen: 0, dropped: 0, lost: 0 }));
  readonly #unavailable = new Map<string, string>();
  readonly #weir = new WeirObserver();
  readonly #observers: Observer[];
  readonly #workloads: Workloads;
  readonly #options: ProcessOptions;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#workloads = prepareWorkloads(options.folder, options.quick);
    this.#observers = [this.#weir, ...otherObservers(options.folder)];
  }

  /** In a process of its own, as audit follows only those that began after it. */
  async #runAll(workloads: readonly Workload[], after: (what: string) => Promise<void> = async () => {}) {
    const load = new Load(this.#options.load);
    const costs = new Map<string, Cost>();
    try {
      for (const { what, run } of workloads) {
        costs.set(what, await run(load));
        await after(what);
      }
    } finally {
      load.end();
    }
    return costs;
  }

  /** @returns false where the watcher does not run here */
  async #attached(observer: Observer): Promise<boolean> {
    try {
      await observer.attach();
      return true;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      this.#unavailable.set(observer.name, error.message);
      this.#options.progress(`${observer.name}: ${error.message}`);
      return false;
    }
  }

  async #underWeir(workloads: readonly Workload[]): Promise<Map<string, Cost>> {
    let before = await this.#weir.counters();
    return this.#runAll(workloads, async (what) => {
      const now = await this.#weir.counters();
      const share = this.#shares.at(what);
      for (const name of ["seen", "dropped", "lost"] as const) share[name] += now[name] - before[name];
      before = now;
    });
  }

  async #watch(observer: Observer, alone: ReadonlyMap<string, Cost>): Promise<void> {
    const { opens, processes } = this.#workloads;
    const before = await this.#runAll(opens);
    if (!(await this.#attached(observer))) return;
    let watched: Map<string, Cost>;
    try {
      const all = [...opens, ...processes];
      watched = observer === this.#weir ? await this.#underWeir(all) : await this.#runAll(all);
    } finally {
      await observer.detach();
    }
    const after = await this.#runAll(opens);
    for (const [what, cost] of watched) {
      const [first, last] = [before.get(what), after.get(what)];
      const unwatched = first && last ? mean(first, last) : (alone.get(what) as Cost);
      this.#samples.at(what, observer.name).push({ alone: unwatched, watched: cost });
    }
  }

  /** Watchers take turns at being first, and the unwatched run is in their middle. */
  async #round(round: number): Promise<void> {
    const observers = this.#observers.filter(({ name }) => !this.#unavailable.has(name));
    const turned = observers.map((_, i) => observers[(i + round) % observers.length] as Observer);
    const alone = await this.#runAll(this.#workloads.processes);
    for (const observer of turned) await this.#watch(observer, alone);
  }

  async run(): Promise<ProcessCosts> {
    const { budgetMs, roundsMin, progress, quick } = this.#options;
    try {
      for (const observer of this.#observers) observer.begin?.();
      // What is read from disk once is not measured.
      if (!quick) await this.#runAll(this.#workloads.processes);
      const start = performance.now();
      for (let round = 0; round < roundsMin || performance.now() - start < budgetMs * (round / (round + 1)); round++) {
        await this.#round(round);
        progress(`round ${round + 1} after ${((performance.now() - start) / 1000).toFixed(0)} s`);
      }
      return this.#result();
    } finally {
      for (const observer of this.#observers) await observer.end?.();
    }
  }

  #result(): ProcessCosts {
    const workloads = [...this.#workloads.opens, ...this.#workloads.processes].map(({ what }) => what);
    const names = this.#observers.map(({ name }) => name).filter((name) => !this.#unavailable.has(name));
    return {
      watched: WATCHED,
      weir: this.#weir.attached,
      processes: workloads.flatMap((what) =>
        names.map((beside) => costOf(what, beside, this.#samples.at(what, beside))),
      ),
      kernel: workloads.map((what) => {
        const { seen, dropped, lost } = this.#shares.at(what);
        return { what, fileEvents: seen, droppedInKernel: seen === 0 ? 1 : dropped / seen, lost };
      }),
      unavailable: [...this.#unavailable].map(([what, why]) => ({ what, why })),
    };
  }
}

function costOf(what: string, beside: string, samples: readonly Sample[]): ProcessCost {
  const ratios = (of: keyof Cost): number[] => samples.map(({ alone, watched }) => watched[of] / alone[of]);
  const [elapsed, processor] = [ratios("elapsedMs"), ratios("processorMs")];
  return {
    what,
    beside,
    rounds: samples.length,
    aloneMs: median(samples.map(({ alone }) => alone.elapsedMs)),
    elapsedMs: median(samples.map(({ watched }) => watched.elapsedMs)),
    elapsedOverAlone: median(elapsed),
    elapsedOverAloneMin: Math.min(...elapsed),
    elapsedOverAloneMax: Math.max(...elapsed),
    processorOverAlone: median(processor),
    processorOverAloneMin: Math.min(...processor),
    processorOverAloneMax: Math.max(...processor),
  };
}

export async function measureProcesses(options: ProcessOptions): Promise<ProcessCosts> {
  return new Measurement(options).run();
}
