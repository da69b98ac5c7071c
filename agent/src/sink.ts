/** Where detections and loss events go: one JSON object a line, to a file or to standard output. */
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Detection } from "./detection.ts";
import type { LossEvent } from "./losses.ts";

/** Bytes that may wait for a slow reader before detections are counted as lost. */
const BACKLOG_BYTES_MAX = 64 << 20;

/** Detections can't be written to their place any more, as when a disk is full or a reader has gone. */
export class SinkError extends Error {
  override readonly name = "SinkError";

  constructor(place: string, cause: Error) {
    super(`detections can't be written to ${place}: ${cause.message}`, { cause });
  }
}

export class JsonLinesSink {
  readonly #stream: Writable;
  readonly #owned: boolean;
  /** Detections that the reader was too slow to take, or that came after a failure. */
  lost = 0;

  /** Rejects with SinkError when the place can't be written to any more; never resolves. */
  readonly failed: Promise<never>;

  private constructor(stream: Writable, { owned, place }: { owned: boolean; place: string }) {
    this.#stream = stream;
    this.#owned = owned;
    this.failed = new Promise((_, reject) => stream.on("error", (cause) => reject(new SinkError(place, cause))));
    // Whoever does not ask is not disturbed.
    this.failed.catch(() => undefined);
  }

  /**
   * Appends to the file, which is created readable by its owner only.
   * @throws the system's error when the file can't be opened
   */
  static async toFile(path: string): Promise<JsonLinesSink> {
    const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
    await new Promise((resolve, reject) => stream.once("open", resolve).once("error", reject));
    return new JsonLinesSink(stream, { owned: true, place: path });
  }

  static toStdout(): JsonLinesSink {
    return new JsonLinesSink(process.stdout, { owned: false, place: "standard output" });
  }

  write(event: Detection | LossEvent): void {
    if (this.#stream.destroyed || this.#stream.writableLength > BACKLOG_BYTES_MAX) this.lost++;
    else this.#stream.write(`${JSON.stringify(event)}\n`);
  }

  async close(): Promise<void> {
    if (!this.#owned || this.#stream.destroyed) return;
    this.#stream.end();
    await finished(this.#stream);
  }
}
