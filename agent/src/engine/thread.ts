/**
 * An engine in a thread of its own, so that nothing of the main thread delays reading the ring. A thread that does not
 * return from a tenant's module is ended and replaced: the bundle is broken from then on, the next thread goes on behind
 * the last record that was handled.
 *
 * Invariant: every request is answered, by the thread that it was made to or by one that replaced it, unless the engine
 * failed; each record is handled once.
 */
import { Worker } from "node:worker_threads";
import type { KernelStage } from "../kernel/stage.ts";
import { Progress } from "./progress.ts";
import {
  type Answer,
  type EngineEvents,
  type EngineHandle,
  type EngineStatus,
  errorOf,
  type GivenBundle,
  type Refusal,
  type Request,
} from "./protocol.ts";
import type { EngineData } from "./worker.ts";

const LOOK_MS = 1_000;
/** Looks at which the thread stood in the same call, until it is ended. Looks, not time: a stopped process looks, too. */
const STUCK_LOOKS = 5;

export interface ThreadOptions {
  readonly stage: Pick<KernelStage, "ringSource" | "identities">;
  readonly events: EngineEvents;
  readonly lookMs?: number;
}

interface Pending {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Counters of the threads before, which the present one does not know of. */
type Counted = Pick<EngineStatus, "pipeline" | "discarders">;

const NOTHING: Counted = {
  pipeline: { events: 0, matches: 0, unjudged: 0, malformed: 0, broken: 0 },
  discarders: { proofs: 0, learned: 0, deferred: 0 },
};

const NOTHING_KNOWN: Omit<EngineStatus, keyof Counted | "restarts"> = {
  links: { kept: 0, refused: 0, visited: 0, incomplete: false, looking: false },
  processes: 0,
  variables: { values: 0, evicted: 0, dropped: 0 },
};

export class EngineThread implements EngineHandle {
  readonly #options: ThreadOptions;
  readonly #progress = new Progress();
  readonly #pending = new Map<number, Pending>();
  /** What each generation at hand was prepared with, the oldest first. */
  readonly #generations = new Map<number, readonly GivenBundle[]>();
  readonly #look: NodeJS.Timeout;
  readonly #lookMs: number;
  #worker: Worker;
  #lastId = 0;
  #current = 0;
  #restarts = 0;
  #counted: Counted = NOTHING;
  #last: Counted = NOTHING;
  #replacing = false;
  #ended = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = this.#start();
    this.#worker.postMessage({ kind: "begin" } satisfies Request);
    this.#lookMs = options.lookMs ?? LOOK_MS;
    this.#look = setInterval(this.#watch(), this.#lookMs).unref();
  }

  #start(): Worker {
    const { ringSource, identities } = this.#options.stage;
    const workerData: EngineData = { ring: ringSource, identities, progress: this.#progress.memory };
    const worker = new Worker(new URL("worker.ts", import.meta.url), { name: "weir-engine", workerData });
    worker.on("message", (answer: Answer) => {
      if (worker === this.#worker) this.#hear(answer);
    });
    worker.on("error", (error) => this.#fail(error, worker));
    worker.on("exit", (code) => this.#fail(new Error(`the engine's thread ended with code ${code}`), worker));
    return worker;
  }

  #fail(error: unknown, worker: Worker): void {
    if (this.#ended || this.#replacing || worker !== this.#worker) return;
    this.#end();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#options.events.onFailure(error);
  }

  #end(): void {
    this.#ended = true;
    clearInterval(this.#look);
  }

  #hear(answer: Answer): void {
    const { events } = this.#options;
    switch (answer.kind) {
      case "prepared":
      case "status":
        this.#pending.get(answer.id)?.resolve(answer);
        this.#pending.delete(answer.id);
        break;
      case "detections":
        this.#progress.queue(-answer.detections.length);
        events.onDetections(answer.detections);
        break;
      case "discard":
        events.onDiscard(answer.discarder);
        break;
      case "broken":
        events.onBroken(answer.bundle);
        break;
      case "retired":
        this.#generations.delete(answer.generation);
        events.onRetired(answer.generation);
        break;
      case "failed":
        this.#fail(errorOf(answer.error), this.#worker);
        break;
    }
  }

  /** @returns what to do at each look */
  #watch(): () => void {
    let [turns, looks] = [0, 0];
    return () => {
      const now = this.#progress.turns;
      looks = now === turns ? looks + 1 : 0;
      turns = now;
      const serial = this.#progress.busyBundle;
      if (looks < STUCK_LOOKS || serial === undefined || this.#replacing) return;
      looks = 0;
      void this.#replace(serial);
    };
  }

  async #replace(serial: number): Promise<void> {
    this.#replacing = true;
    // What it has told by now still arrives, before this resolves.
    await this.#worker.terminate();
    this.#restarts++;
    this.#counted = this.#last;
    let culprit: GivenBundle | undefined;
    const condemn = (bundles: readonly GivenBundle[], broken: "absent" | "refused"): readonly GivenBundle[] =>
      bundles.map((placed) => {
        if (placed.serial !== serial) return placed;
        culprit = placed;
        return { ...placed, broken };
      });
    for (const [generation, bundles] of this.#generations)
      this.#generations.set(generation, condemn(bundles, "absent"));
    const requests = [...this.#pending.values()].map(({ request }) =>
      request.kind === "prepare" ? { ...request, bundles: condemn(request.bundles, "refused") } : request,
    );
    this.#progress.leave();
    this.#progress.load(undefined);
    this.#worker = this.#start();
    this.#replacing = false;
    const tell = (request: Request): void => this.#worker.postMessage(request);
    for (const [generation, bundles] of this.#generations) tell({ kind: "prepare", id: 0, generation, bundles });
    tell({ kind: "begin" });
    if (this.#current > 0) tell({ kind: "retire", generation: this.#current });
    for (const request of requests) tell(request);
    if (culprit === undefined) return;
    const { digest, manifest } = culprit.bundle;
    const reason = `its matcher did not return within ${(STUCK_LOOKS * this.#lookMs) / 1000} s`;
    this.#options.events.onBroken({ tenant: manifest.tenant, digest, reason });
  }

  #whole(status: EngineStatus): EngineStatus {
    this.#last = {
      pipeline: sum(this.#counted.pipeline, status.pipeline),
      discarders: sum(this.#counted.discarders, status.discarders),
    };
    return { ...status, ...this.#last, restarts: this.#restarts };
  }

  async #ask<K extends Answer["kind"]>(request: Request & { id: number }): Promise<Extract<Answer, { kind: K }>> {
    if (this.#ended) throw new Error("the engine has ended");
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#pending.set(request.id, { request, resolve, reject });
    this.#worker.postMessage(request);
    return (await promise) as Extract<Answer, { kind: K }>;
  }

  async prepare(generation: number, bundles: readonly GivenBundle[]): Promise<readonly Refusal[]> {
    // Sources and the files that it came in are not needed there.
    const lean = bundles.map(({ bundle: { digest, manifest, wasm, seeds }, ...place }) => ({
      ...place,
      bundle: { digest, manifest, wasm, seeds },
    }));
    const id = ++this.#lastId;
    const { refused } = await this.#ask<"prepared">({ kind: "prepare", id, generation, bundles: lean });
    this.#generations.set(generation, lean);
    return refused.map(({ tenant, error }) => ({ tenant, error: errorOf(error) }));
  }

  cancel(generation: number): void {
    this.#generations.delete(generation);
    this.#worker.postMessage({ kind: "cancel", generation } satisfies Request);
  }

  retireBefore(generation: number): void {
    this.#current = generation;
    this.#worker.postMessage({ kind: "retire", generation } satisfies Request);
  }

  async status(): Promise<EngineStatus> {
    const { status } = await this.#ask<"status">({ kind: "status", id: ++this.#lastId });
    return this.#whole(status);
  }

  async stop(): Promise<EngineStatus> {
    try {
      const { status } = await this.#ask<"status">({ kind: "stop", id: ++this.#lastId });
      return this.#whole(status);
    } catch {
      // It has failed before, which was told then.
      return { ...NOTHING_KNOWN, ...this.#last, restarts: this.#restarts };
    } finally {
      this.#end();
      await this.#worker.terminate();
    }
  }
}

function sum<T extends object>(before: T, now: T): T {
  const rows = Object.entries(now).map(([name, count]) => [name, (before[name as keyof T] as number) + count]);
  return Object.fromEntries(rows) as T;
}
