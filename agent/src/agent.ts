/**
 * The agent of one host: kernel stage, engine, and the generations that bundles become.
 *
 * Invariant: a set of bundles becomes active as a whole, in the kernel and in the matchers at once, or not at
 * all; what was active before stays so until then. Where bundles come from is not its business (`updater.ts`).
 */
import { hostname } from "node:os";
import { type Bundle, writtenRules } from "@weir/trust";
import type { Detection } from "./detection.ts";
import type { BrokenBundle, EngineEvents, EngineHandle, EngineStatus } from "./engine/protocol.ts";
import { EngineThread } from "./engine/thread.ts";
import type { Counters } from "./kernel/counters.ts";
import { type AttachMode, KernelStage, type StageOptions } from "./kernel/stage.ts";
import { buildTables } from "./kernel/tables.ts";
import { IO_URING } from "./kernel/uring.ts";
import { LOSS_INTERVAL_MS, type LossCounters, type LossEvent, LossLedger, lostEvents } from "./losses.ts";
import { linkSeeds } from "./match/links.ts";
import { Placement } from "./placement.ts";

export interface AgentOptions {
  readonly stage: StageOptions;
  readonly onDetection: (detection: Detection) => void;
  /** Called when events have been lost, at most once in a second and once more when the agent stops. */
  readonly onLoss?: (loss: LossEvent) => void;
  /** Called when a tenant's module trapped or did not return; the tenant's last good rules are on their way. */
  readonly onBroken?: (bundle: BrokenBundle) => void;
  /** Called when reading the ring fails for good; the agent has stopped then. */
  readonly onFailure: (error: unknown) => void;
  /** Where events are judged: in a thread of its own where this is not given. */
  readonly engine?: (parts: { readonly stage: KernelStage; readonly events: EngineEvents }) => EngineHandle;
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

export interface AgentStatus extends EngineStatus {
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
  /** Bundles that are called no more, since the agent started. */
  readonly broken: readonly BrokenBundle[];
}

export class Agent {
  readonly #stage: KernelStage;
  readonly #engine: EngineHandle;
  readonly #options: AgentOptions;
  readonly #losses: LossLedger;
  readonly #lossTimer: NodeJS.Timeout;
  readonly #placement = new Placement();
  #lastLoss: LossEvent | undefined;
  #number = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(stage: KernelStage, options: AgentOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#losses = new LossLedger({ host: hostname(), nowMs: Date.now() });
    const events: EngineEvents = {
      onDetections: (detections) => detections.forEach(options.onDetection),
      onDiscard: (discarder) => stage.discard(discarder),
      onBroken: (bundle) => this.#replace(bundle),
      onRetired: (generation) => this.#placement.forget(generation),
      onFailure: options.onFailure,
    };
    this.#engine = options.engine?.({ stage, events }) ?? new EngineThread({ stage, events });
    this.#lossTimer = setInterval(() => void this.#tellLosses().catch(() => undefined), LOSS_INTERVAL_MS).unref();
  }

  /**
   * Attaches to the kernel. Nothing is detected before the first `activate`.
   * @throws StageUnavailableError
   */
  static start(options: AgentOptions): Agent {
    return new Agent(KernelStage.open(options.stage), options);
  }

  get attach(): AttachMode {
    return this.#stage.mode;
  }

  /** Why the better attach mode is not used. */
  get fallback(): string | undefined {
    return this.#stage.fallback;
  }

  /** The bundles that events are judged by. */
  get bundles(): AgentStatus["bundles"] {
    return this.#placement.active.map(({ bundle }) => ({
      tenant: bundle.manifest.tenant,
      digest: bundle.digest,
      rules: writtenRules(bundle.manifest.rules).length,
    }));
  }

  async #tellLosses(): Promise<void> {
    const { pipeline } = await this.#engine.status();
    this.#look(this.#lossCounters(pipeline), false);
  }

  #lossCounters(pipeline: EngineStatus["pipeline"]): LossCounters {
    return { kernel: this.#stage.counters(), missedRuns: this.#stage.missedRuns(), pipeline };
  }

  #look(counters: LossCounters, isLast: boolean): void {
    const generations = this.#placement.generations;
    const loss = this.#losses.look({ counters, generations, nowMs: Date.now(), isLast });
    if (!loss) return;
    this.#lastLoss = loss;
    this.#options.onLoss?.(loss);
  }

  /** Has the last good bundle of a tenant take the place of one that is broken. */
  #replace(broken: BrokenBundle): void {
    this.#placement.condemn(broken);
    this.#options.onBroken?.(broken);
    // What is wanted by then: other bundles may be on their way.
    this.#next(() => this.#activate(this.#placement.wanted)).catch(this.#options.onFailure);
  }

  /** Activations follow one another. */
  #next(activate: () => Promise<Activation>): Promise<Activation> {
    const result = this.#turn.then(activate);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * Makes these the bundles of the host, one for each tenant, in the order of calls.
   * @throws RangeError for more tenants than a mask has bits; KernelError; what was active stays active
   */
  activate(bundles: readonly Bundle[]): Promise<Activation> {
    return this.#next(() => this.#activate(bundles));
  }

  async #activate(bundles: readonly Bundle[]): Promise<Activation> {
    const started = performance.now();
    const next = this.#placement.place(bundles);
    const number = ++this.#number;
    const notAdmitted = await this.#engine.prepare(number, next.placed);
    const refused = [...next.refused, ...notAdmitted];
    const generation = this.#placement.settle(number, next.placed, notAdmitted);
    const seeds = generation.bundles.map(({ slot, bundle }) => ({ tenant: slot, seeds: bundle.seeds }));
    const tables = buildTables(number, [...seeds, linkSeeds(seeds)]);
    this.#losses.begins(generation);
    let switchedAfterMs = 0;
    try {
      await this.#stage.activate(tables, () => {
        switchedAfterMs = performance.now() - started;
      });
    } catch (error) {
      if (this.#stage.generation !== number) {
        this.#placement.forget(number);
        this.#engine.cancel(number);
      }
      throw error;
    }
    this.#placement.begin(generation);
    this.#engine.retireBefore(number);
    return { generation: number, switchedAfterMs, refused, uncaptured: this.#uncaptured() };
  }

  #uncaptured(): UncapturedType[] {
    const wanted = this.#placement.active.flatMap(({ bundle: { manifest } }) =>
      manifest.rules.map(({ event }) => ({ event, tenant: manifest.tenant })),
    );
    const missing = wanted.filter(({ event }) => !this.#stage.captured.includes(event));
    return [...Map.groupBy(missing, ({ event }) => event)].map(([event, rules]) => ({
      event,
      reason: this.#stage.missing[event] ?? "not among those that this kernel stage reports",
      tenants: [...new Set(rules.map(({ tenant }) => tenant))],
    }));
  }

  async status(): Promise<AgentStatus> {
    const engine = await this.#engine.status();
    return this.#status(this.#lossCounters(engine.pipeline), engine);
  }

  #status(counters: LossCounters, engine: EngineStatus): AgentStatus {
    const { kernel, missedRuns } = counters;
    return {
      ...engine,
      pid: process.pid,
      attach: this.#stage.mode,
      fallback: this.#stage.fallback,
      cachesDirectories: this.#stage.cachesDirectories,
      attached: this.#stage.attached,
      generation: this.#stage.generation,
      bundles: this.bundles,
      broken: this.#placement.broken,
      uncaptured: this.#uncaptured(),
      withoutIoUring: this.#stage.missing[IO_URING],
      kernel,
      missedRuns,
      lost: lostEvents(counters),
      lastLoss: this.#lastLoss,
    };
  }

  /**
   * Judges what is in the ring, tells what was lost, then detaches from the kernel.
   * @returns the last status, of the same moment as the last loss event
   */
  async stop(): Promise<AgentStatus> {
    await this.#turn;
    clearInterval(this.#lossTimer);
    const engine = await this.#engine.stop();
    const counters = this.#lossCounters(engine.pipeline);
    this.#look(counters, true);
    const status = this.#status(counters, engine);
    this.#stage.close();
    return status;
  }
}
