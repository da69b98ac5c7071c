/**
 * Where detections and loss events go: one spool, and a courier for each sink.
 *
 * Invariant: writing never waits. What a sink will not get is told as a loss event to every sink, and no sink's
 * position is kept beyond a loss that is not safe on disk yet.
 */
import type { Detection } from "../detection.ts";
import type { LossEvent } from "../losses.ts";
import { Courier, type CourierStatus } from "./courier.ts";
import { deliveryLoss, endedLoss } from "./losses.ts";
import type { EndedError, Sink } from "./sink.ts";
import { Spool, type SpoolOptions, type SpoolStatus } from "./spool.ts";
import type { ReadLimit } from "./tail.ts";

export interface Output {
  /** Unique; what the spool remembers the sink by. */
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly sink: Sink;
  readonly limit: ReadLimit;
  readonly lingerMs: number;
}

export interface DeliveryOptions {
  readonly spool: Omit<SpoolOptions, "cursors">;
  readonly outputs: readonly Output[];
  /** Called with each loss event of delivery itself, which goes to the sinks besides. */
  readonly onLoss?: (loss: LossEvent) => void;
}

export interface OutputStatus extends CourierStatus {
  readonly name: string;
  readonly type: string;
  readonly format: string;
}

export interface DeliveryStatus {
  readonly spool: SpoolStatus;
  readonly sinks: readonly OutputStatus[];
}

/** How events are handed over where a sink has no reason to want it otherwise. */
export const DELIVERY_DEFAULTS = { limit: { recordsMax: 1000, bytesMax: 1 << 20 }, lingerMs: 0 };

/** Where sinks are is kept this often, and losses are told. */
const TICK_MS = 1000;

interface Served {
  readonly output: Output;
  readonly courier: Courier;
  /** By cause, not told yet. */
  lost: Record<string, number>;
  /** The newest loss event about it. */
  toldSeq: number;
}

export class Delivery {
  readonly #spool: Spool;
  readonly #served: Served[] = [];
  readonly #onLoss: (loss: LossEvent) => void;
  readonly #timer: NodeJS.Timeout;
  #lookedMs = Date.now();
  /** Rejects with EndedError when no sink will ever take anything again; never resolves. */
  readonly failed: Promise<never>;

  private constructor(spool: Spool, { outputs, onLoss }: DeliveryOptions) {
    this.#spool = spool;
    this.#onLoss = onLoss ?? (() => undefined);
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.failed.catch(() => undefined);
    for (const output of outputs) this.#serve(output, reject);
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** @throws the system's error when the directory of the spool can't be used */
  static async open(options: DeliveryOptions): Promise<Delivery> {
    const served: Served[] = [];
    const cursors = (): Record<string, number> =>
      Object.fromEntries(served.map(({ courier }) => [courier.name, courier.settled]));
    const spool = await Spool.open({ ...options.spool, cursors });
    const delivery = new Delivery(spool, options);
    served.push(...delivery.#served);
    const { endedUncleanly } = spool;
    if (endedUncleanly) delivery.#tell(endedLoss({ fromMs: endedUncleanly.getTime(), toMs: Date.now() }));
    return delivery;
  }

  #serve(output: Output, fail: (error: EndedError) => void): void {
    const { name, sink, limit, lingerMs } = output;
    const onLost = (cause: string, events: number): void => {
      served.lost[cause] = (served.lost[cause] ?? 0) + events;
    };
    const courier = new Courier({ name, sink, spool: this.#spool, limit, lingerMs, onLost });
    const served: Served = { output, courier, lost: {}, toldSeq: -1 };
    this.#served.push(served);
    courier.ended.catch((error: EndedError) => {
      if (this.#served.every((other) => other.courier.status.ended)) fail(error);
      else void courier.discard();
    });
  }

  /** Returns at once; what becomes of the event is told by status and loss events. */
  write(event: Detection | LossEvent): void {
    this.#spool.append(Buffer.from(JSON.stringify(event)));
  }

  #tell(loss: LossEvent): void {
    this.write(loss);
    this.#onLoss(loss);
  }

  #tellLosses(): void {
    const nowMs = Date.now();
    for (const served of this.#served) {
      served.courier.count();
      if (Object.keys(served.lost).length === 0) continue;
      const loss = deliveryLoss(served.output.name, served.lost, { fromMs: this.#lookedMs, toMs: nowMs });
      served.lost = {};
      served.toldSeq = this.#spool.nextSeq;
      this.#tell(loss);
    }
    this.#lookedMs = nowMs;
  }

  #settle(): Promise<unknown> {
    return Promise.all(
      this.#served.map(({ courier, lost, toldSeq }) => {
        const isTold = Object.keys(lost).length === 0 && this.#spool.isSafe(toldSeq);
        return courier.settle(isTold);
      }),
    );
  }

  #tick(): void {
    this.#tellLosses();
    // A sink that does not answer keeps its own place from being kept, and no other's.
    void this.#settle();
    void this.#spool.save().catch(() => undefined);
  }

  get status(): DeliveryStatus {
    const sinks = this.#served.map(({ output: { name, type, format }, courier }) => ({
      name,
      type,
      format,
      ...courier.status,
    }));
    return { spool: this.#spool.status, sinks };
  }

  /**
   * Delivers what waits as far as that is possible within a time; the rest stays on disk for the next agent.
   * @throws the system's error when the disk does not take it
   */
  async close({ drainMs }: { readonly drainMs: number }): Promise<void> {
    clearInterval(this.#timer);
    this.#tellLosses();
    await Promise.all(this.#served.map(({ courier }) => courier.stop(drainMs)));
    this.#tellLosses();
    await this.#spool.finish();
    await this.#settle();
    await this.#spool.close();
    await Promise.all(this.#served.map(({ courier }) => courier.close()));
  }
}
