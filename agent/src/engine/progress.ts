/**
 * What the thread of the pipeline lets the main thread see at any moment, even while it does not return from a matcher.
 *
 * Invariant: `handled` never lies in the middle of a record, and everything before it has been told.
 */
const HANDLED = 0;
const TURNS = 2;
const BUSY = 3;
const QUEUED = 4;
const LOADING = 5;

export class Progress {
  readonly memory: SharedArrayBuffer;
  readonly #position: BigUint64Array;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(24)) {
    this.memory = memory;
    this.#position = new BigUint64Array(memory, 0, 1);
    this.#words = new Int32Array(memory);
  }

  /** Position in the ring behind the last record that was handled; 0 before the first. */
  get handled(): bigint {
    return Atomics.load(this.#position, HANDLED);
  }

  set handled(position: bigint) {
    Atomics.store(this.#position, HANDLED, position);
  }

  /** Grows while the thread does. */
  get turns(): number {
    return Atomics.load(this.#words, TURNS);
  }

  turn(): void {
    Atomics.add(this.#words, TURNS, 1);
  }

  /** Serial number of the bundle whose module runs, if one does at this moment. */
  get busyBundle(): number | undefined {
    const busy = Atomics.load(this.#words, BUSY) || Atomics.load(this.#words, LOADING);
    return busy === 0 ? undefined : busy - 1;
  }

  enter(serial: number): void {
    Atomics.store(this.#words, BUSY, serial + 1);
  }

  leave(): void {
    Atomics.store(this.#words, BUSY, 0);
  }

  /** The module of this bundle is looked at, between other work; that of none any more. */
  load(serial: number | undefined): void {
    Atomics.store(this.#words, LOADING, serial === undefined ? 0 : serial + 1);
  }

  /** Detections told and not yet taken. */
  get queued(): number {
    return Atomics.load(this.#words, QUEUED);
  }

  queue(more: number): void {
    Atomics.add(this.#words, QUEUED, more);
  }
}
