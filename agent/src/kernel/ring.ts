/**
 * Reads the BPF ring buffer through its mapped pages.
 *
 * Layout (kernel/bpf/ringbuf.c): page 0 holds the consumer position and is writable, page 1 the producer
 * position, then the data, mapped twice in a row so that no span wraps. Positions grow without bound; their
 * low 32 bits are enough to measure a span, because the ring is smaller than 4 GiB.
 */
import { RING_BUSY_BIT, RING_LENGTH_MASK, ringFootprint } from "@weir/matcher-wasm/format";
import { type Mapping, mapMemory, PROT_READ, PROT_WRITE, ReadableWait } from "./libbpf.ts";

const PAGE_BYTES = 4096;

export class RingReader {
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #consumerPosition: BigUint64Array;
  readonly #producerPosition: Int32Array;
  readonly #data: Uint8Array;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #wait: ReadableWait;
  #position: bigint;

  /**
   * @param fd of the ring buffer map
   * @param ringBytes size of its data area, a power of two
   */
  constructor(fd: number, ringBytes: number) {
    this.#consumer = mapMemory(fd, { offset: 0, bytes: PAGE_BYTES, protection: PROT_READ | PROT_WRITE });
    this.#producer = mapMemory(fd, { offset: PAGE_BYTES, bytes: PAGE_BYTES + 2 * ringBytes, protection: PROT_READ });
    this.#consumerPosition = new BigUint64Array(this.#consumer.buffer, 0, 1);
    this.#producerPosition = new Int32Array(this.#producer.buffer, 0, 2);
    this.#data = new Uint8Array(this.#producer.buffer, PAGE_BYTES);
    this.#words = new Int32Array(this.#producer.buffer, PAGE_BYTES);
    this.#mask = ringBytes - 1;
    this.#wait = new ReadableWait(fd);
    this.#position = Atomics.load(this.#consumerPosition, 0);
  }

  /** Position behind everything that was released. */
  consumedPosition(): bigint {
    return this.#position;
  }

  /** Position behind everything that has been written by now. */
  producedPosition(): bigint {
    return this.#position + BigInt(this.backlogBytes());
  }

  /** Bytes written and not yet released. */
  backlogBytes(): number {
    return (Atomics.load(this.#producerPosition, 0) - Number(BigInt.asIntN(32, this.#position))) >>> 0;
  }

  /**
   * Copies committed records, ring headers included, into `target`: as many whole ones as fit. Ends before a
   * record that is still being written. Nothing is released to the kernel before `release`.
   * @returns bytes copied, a multiple of 8
   */
  read(target: Uint8Array): number {
    const available = this.backlogBytes();
    const start = Number(this.#position & BigInt(this.#mask));
    let length = 0;
    while (length < available) {
      const header = Atomics.load(this.#words, (start + length) >> 2);
      if (header & RING_BUSY_BIT) break;
      const bytes = ringFootprint(header & RING_LENGTH_MASK);
      if (length + bytes > target.length) break;
      length += bytes;
    }
    target.set(this.#data.subarray(start, start + length));
    return length;
  }

  /** Gives `bytes` of what was read back to the kernel. */
  release(bytes: number): void {
    this.#position += BigInt(bytes);
    Atomics.store(this.#consumerPosition, 0, this.#position);
  }

  /** Resolves when records may be there, or the time is over. */
  async wait(timeoutMs: number): Promise<void> {
    await this.#wait.wait(timeoutMs);
  }

  close(): void {
    this.#wait.close();
    this.#consumer.unmap();
    this.#producer.unmap();
  }
}
