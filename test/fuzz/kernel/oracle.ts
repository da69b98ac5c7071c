/**
 * A second instance of the kernel stage that wants every type of file event and filters nothing. What it says is
 * complete; it runs just before or just after the filtering one, at the same hooks.
 */
import type { AttachMode } from "@weir/agent";
import { buildTables, KernelStage, lost } from "@weir/agent/testing";
import { EVENT_TYPES, type Seeds } from "@weir/matcher-wasm/format";
import { Recorder } from "./records.ts";

const RING_BYTES = 32 << 20;
const SPAN_BYTES = 1 << 20;

const EVERYTHING: Seeds = {
  format: "weir-seeds/1",
  interests: EVENT_TYPES.filter(({ file }) => file).map(({ name: event }) => ({
    event,
    flagsAny: null,
    unfiltered: { flagsAny: null },
  })),
  approvers: [],
};

export class Oracle {
  readonly recorder = new Recorder();
  readonly #stage: KernelStage;
  readonly #span = new Uint8Array(SPAN_BYTES);

  private constructor(stage: KernelStage) {
    this.#stage = stage;
  }

  /** @throws StageUnavailableError */
  static async open(options: { object: Uint8Array; attach: AttachMode | "auto" }): Promise<Oracle> {
    const stage = KernelStage.open({ ...options, attachAll: true, ringBytes: RING_BYTES });
    await stage.activate(buildTables(1, [{ tenant: 0, seeds: EVERYTHING }]));
    return new Oracle(stage);
  }

  get mode(): AttachMode {
    return this.#stage.mode;
  }

  /** Reads what is there. */
  pump(): void {
    const { ring } = this.#stage;
    for (let length = ring.read(this.#span); length > 0; length = ring.read(this.#span)) {
      this.recorder.add(this.#span.subarray(0, length));
      ring.release(length);
    }
  }

  /** Events that were lost since it was opened. */
  losses(): number {
    return lost(this.#stage.counters()) + this.#stage.missedRuns();
  }

  close(): void {
    this.#stage.close();
  }
}
