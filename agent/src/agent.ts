/**
 * The agent of one host: kernel stage, pipeline, process table, and the generations that bundles become.
 *
 * Invariant: a set of bundles becomes active as a whole, in the kernel and in the matchers at once, or not at
 * all; what was active before stays so until then. Where bundles come from is not its business (`updater.ts`).
 */
import { Matcher, type VariableState } from "@weir/matcher-wasm/host";
import { type Bundle, writtenRules } from "@weir/trust";
import { type Detection, detectionOf } from "./detection.ts";
import type { Counters } from "./kernel/counters.ts";
import { type AttachMode, KernelStage, type StageOptions } from "./kernel/stage.ts";
import { buildTables } from "./kernel/tables.ts";
import { IO_URING } from "./kernel/uring.ts";
import { LOSS_INTERVAL_MS, type LossCounters, type LossEvent, LossLedger, lostEvents } from "./losses.ts";
import { Clock } from "./match/clock.ts";
import { readHostFacts } from "./match/context/host.ts";
import type { DiscarderCounters } from "./match/discarders.ts";
import { type ActiveBundle, activeBundle, type Generation, TENANTS_MAX } from "./match/generation.ts";
import { hostRoot, type LinkCounters, mattersTo, WatchedLinks } from "./match/links.ts";
import { type Match, Pipeline, type PipelineCounters } from "./match/pipeline.ts";
import { Accounts } from "./process/accounts.ts";
import { ProcessTable } from "./process/table.ts";

export interface AgentOptions {
  readonly stage: StageOptions;
  readonly onDetection: (detection: Detection) => void;
  /** Called when events have been lost, at most once in a second and once more when the agent stops. */
  readonly onLoss?: (loss: LossEvent) => void;
  /** Called when reading the ring fails for good; the agent has stopped then. */
  readonly onFailure: (error: unknown) => void;
}

/** What became of a set of bundles that was to be activated. */
export interface Activation {
  readonly generation: number;
  /** Milliseconds from the call until new events were judged by the new generation. */
  readonly switchedAfterMs: number;
  /** Tenants whose bundle was refused; their last good one, if any, goes on. */
  readonly refused: readonly { readonly tenant: string; readonly error: Error }[];
  readonly uncaptured: readonly UncapturedType[];
}

/** An event type that active rules are about and that this host's kernel does not report. */
export interface UncapturedType {
  readonly event: string;
  readonly reason: string;
  /** Whose rules will never match for it. */
  readonly tenants: readonly string[];
}

export interface AgentStatus {
  readonly pid: number;
  readonly attach: AttachMode;
  /** Why the better attach mode is not used. */
  readonly fallback: string | undefined;
  /** Whether the kernel stage caches directories; it does not where the kernel hides its counters of path changes. */
  readonly cachesDirectories: boolean;
  /** Programs of the kernel stage that are attached: those that the active rules need. */
  readonly attached: readonly string[];
  readonly generation: number | undefined;
  readonly bundles: readonly { readonly tenant: string; readonly digest: string; readonly rules: number }[];
  readonly uncaptured: readonly UncapturedType[];
  /** Why operations by io_uring are not seen; undefined where they are. */
  readonly withoutIoUring: string | undefined;
  readonly kernel: Counters;
  /** Runs of programs that the kernel left out. */
  readonly missedRuns: number;
  /** Events lost, whatever the cause: in the kernel stage, missed runs among them, and unjudged or malformed here. */
  readonly lost: number;
  /** The one told last. */
  readonly lastLoss: LossEvent | undefined;
  readonly pipeline: PipelineCounters;
  readonly discarders: DiscarderCounters;
  /** Watched names of files with several hard links. */
  readonly links: LinkCounters;
  readonly processes: number;
  /** Of all tenants: values that rules have set, those dropped to bound memory, and sets without effect. */
  readonly variables: { readonly values: number; readonly evicted: number; readonly dropped: number };
}

/** Longest time without looking at the ring; the kernel wakes the reader at once when it is idle. */
const WAIT_MS = 100;
/** Time with the ring before other work of the event loop gets its turn: activation, status, signals. */
const TURN_MS = 10;

export class Agent {
  readonly #stage: KernelStage;
  readonly #pipeline: Pipeline;
  readonly #processes: ProcessTable;
  readonly #links: WatchedLinks;
  readonly #onDetection: (detection: Detection) => void;
  readonly #loop: Promise<void>;
  readonly #losses: LossLedger;
  readonly #onLoss: (loss: LossEvent) => void;
  readonly #lossTimer: NodeJS.Timeout;
  #lastLoss: LossEvent | undefined;
  #active: readonly ActiveBundle[] = [];
  #number = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #stopping = false;

  private constructor(stage: KernelStage, options: AgentOptions) {
    this.#stage = stage;
    this.#onDetection = options.onDetection;
    this.#processes = new ProcessTable({
      onProcessEnd: (process, keepInherited) => this.#release("process", process, keepInherited),
      onContainerEnd: (container) => this.#release("container", container),
    });
    const host = readHostFacts();
    this.#onLoss = options.onLoss ?? (() => undefined);
    this.#losses = new LossLedger({ host: host.hostname, nowMs: Date.now() });
    this.#links = new WatchedLinks({
      root: hostRoot(),
      keep: (key, path) => stage.keepName(key, path),
      drop: (key) => stage.dropName(key),
    });
    this.#pipeline = new Pipeline({
      ring: stage.ring,
      processes: this.#processes,
      sources: { host, accounts: new Accounts(), clock: new Clock() },
      onMatch: (match) => this.#detect(match),
      links: this.#links,
      discard: (discarder) => stage.discard(discarder),
    });
    this.#processes.scan();
    this.#loop = this.#run().catch(options.onFailure);
    this.#lossTimer = setInterval(() => this.#tellLosses(this.#lossCounters(), false), LOSS_INTERVAL_MS).unref();
  }

  /**
   * Attaches to the kernel. Nothing is detected before the first `activate`.
   * @throws StageUnavailableError
   */
  static start(options: AgentOptions): Agent {
    return new Agent(KernelStage.open(options.stage), options);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const end = performance.now() + TURN_MS;
      let more = true;
      while (more && performance.now() < end) more = this.#pipeline.step() > 0;
      if (more) await new Promise(setImmediate);
      else await this.#stage.ring.wait(WAIT_MS);
    }
    while (this.#pipeline.step() > 0);
  }

  #lossCounters(): LossCounters {
    const { counters: pipeline } = this.#pipeline;
    return { kernel: this.#stage.counters(), missedRuns: this.#stage.missedRuns(), pipeline };
  }

  #tellLosses(counters: LossCounters, isLast: boolean): void {
    const generations = this.#pipeline.generations;
    const loss = this.#losses.look({ counters, generations, nowMs: Date.now(), isLast });
    if (!loss) return;
    this.#lastLoss = loss;
    this.#onLoss(loss);
  }

  #release(scope: "process" | "container", identity: string, keepInherited = false): void {
    for (const state of this.#pipeline.variables) state.release(scope, identity, { keepInherited });
  }

  #detect({ event, bundle: { bundle, variables }, rules }: Match): void {
    const { tenant } = bundle.manifest;
    for (const index of rules) {
      const rule = bundle.manifest.rules[index];
      if (!rule || rule.silent) continue;
      this.#onDetection(detectionOf({ event, tenant, bundle: bundle.digest, rule, variables }));
    }
  }

  /**
   * Makes these the bundles of the host, one for each tenant, in the order of calls.
   * @throws RangeError for more tenants than a mask has bits; KernelError; what was active stays active
   */
  activate(bundles: readonly Bundle[]): Promise<Activation> {
    const result = this.#turn.then(() => this.#activate(bundles));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #activate(bundles: readonly Bundle[]): Promise<Activation> {
    const started = performance.now();
    if (bundles.length > TENANTS_MAX)
      throw new RangeError(`${bundles.length} tenants on one host, expected at most ${TENANTS_MAX}`);
    const refused: { tenant: string; error: Error }[] = [];
    const next: ActiveBundle[] = [];
    const taken = new Set(this.#active.map(({ slot }) => slot));
    for (const bundle of bundles) {
      const { tenant } = bundle.manifest;
      const before = this.#active.find((a) => a.bundle.manifest.tenant === tenant);
      if (before?.bundle.digest === bundle.digest) {
        next.push(before);
        continue;
      }
      try {
        const matcher = await Matcher.load(bundle.wasm);
        const slot = before?.slot ?? freeSlot(taken);
        taken.add(slot);
        next.push(activeBundle({ slot, bundle, matcher, state: before?.variables.state }));
      } catch (error) {
        refused.push({ tenant, error: error as Error });
        if (before) next.push(before);
      }
    }
    const generation: Generation = { number: ++this.#number, bundles: next };
    const seeds = next.map(({ slot, bundle }) => ({ tenant: slot, seeds: bundle.seeds }));
    const tables = buildTables(generation.number, [...seeds, this.#links.seeds(seeds)]);
    this.#pipeline.add(generation);
    this.#losses.begins(generation);
    let switchedAfterMs = 0;
    try {
      await this.#stage.activate(tables, () => {
        switchedAfterMs = performance.now() - started;
      });
    } catch (error) {
      if (this.#stage.generation !== generation.number) this.#pipeline.remove(generation.number);
      throw error;
    }
    this.#active = next;
    this.#pipeline.retireBefore(generation.number);
    void this.#links.watch(seeds, mattersTo(generation));
    return { generation: generation.number, switchedAfterMs, refused, uncaptured: this.#uncaptured() };
  }

  #uncaptured(): UncapturedType[] {
    const wanted = this.#active.flatMap(({ bundle: { manifest } }) =>
      manifest.rules.map(({ event }) => ({ event, tenant: manifest.tenant })),
    );
    const missing = wanted.filter(({ event }) => !this.#stage.captured.includes(event));
    return [...Map.groupBy(missing, ({ event }) => event)].map(([event, rules]) => ({
      event,
      reason: this.#stage.missing[event] ?? "not among those that this kernel stage reports",
      tenants: [...new Set(rules.map(({ tenant }) => tenant))],
    }));
  }

  status(): AgentStatus {
    return this.#status(this.#lossCounters());
  }

  #status(counters: LossCounters): AgentStatus {
    const { kernel, missedRuns } = counters;
    return {
      pid: process.pid,
      attach: this.#stage.mode,
      fallback: this.#stage.fallback,
      cachesDirectories: this.#stage.cachesDirectories,
      attached: this.#stage.attached,
      generation: this.#stage.generation,
      bundles: this.#active.map(({ bundle }) => ({
        tenant: bundle.manifest.tenant,
        digest: bundle.digest,
        rules: writtenRules(bundle.manifest.rules).length,
      })),
      uncaptured: this.#uncaptured(),
      withoutIoUring: this.#stage.missing[IO_URING],
      kernel,
      missedRuns,
      lost: lostEvents(counters),
      lastLoss: this.#lastLoss,
      pipeline: { ...this.#pipeline.counters },
      discarders: { ...this.#pipeline.discarders },
      links: { ...this.#links.counters },
      processes: this.#processes.size,
      variables: this.#variables(),
    };
  }

  #variables(): AgentStatus["variables"] {
    const states = this.#pipeline.variables;
    const sum = (count: (state: VariableState) => number): number => states.reduce((n, s) => n + count(s), 0);
    return {
      values: sum(({ size }) => size),
      evicted: sum(({ counters }) => counters.evicted),
      dropped: sum(({ counters }) => counters.dropped),
    };
  }

  /**
   * Judges what is in the ring, tells what was lost, then detaches from the kernel.
   * @returns the last status, of the same moment as the last loss event
   */
  async stop(): Promise<AgentStatus> {
    await this.#turn;
    this.#links.stop();
    this.#stopping = true;
    clearInterval(this.#lossTimer);
    await this.#loop;
    const counters = this.#lossCounters();
    this.#tellLosses(counters, true);
    const status = this.#status(counters);
    this.#stage.close();
    return status;
  }
}

function freeSlot(taken: ReadonlySet<number>): number {
  for (let slot = 0; slot < TENANTS_MAX; slot++) if (!taken.has(slot)) return slot;
  throw new RangeError(`all ${TENANTS_MAX} tenant slots of this host are taken`);
}
