/** Where detections go: one JSON object a line, to a file or to standard output. */
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Detection } from "./detection.ts";

/** Bytes that may wait for a slow reader before detections are counted as lost. */
const BACKLOG_BYTES_MAX = 64 << 20;

export class JsonLinesSink {
  readonly #stream: Writable;
  readonly #owned: boolean;
  /** Detections that the reader was too slow to take. */
  lost = 0;

  private constructor(stream: Writable, owned: boolean) {
    this.#stream = stream;
    this.#owned = owned;
  }

  /**
   * Appends to the file, which is created readable by its owner only.
   * @throws the system's error when the file can't be opened
   */
  static async toFile(path: string): Promise<JsonLinesSink> {
    const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
    await new Promise((resolve, reject) => stream.once("open", resolve).once("error", reject));
    return new JsonLinesSink(stream, true);
  }

  static toStdout(): JsonLinesSink {
    return new JsonLinesSink(process.stdout, false);
  }

  write(detection: Detection): void {
    if (this.#stream.writableLength > BACKLOG_BYTES_MAX) this.lost++;
    else this.#stream.write(`${JSON.stringify(detection)}\n`);
  }

  async close(): Promise<void> {
    if (!this.#owned) return;
    this.#stream.end();
    await finished(this.#stream);
  }
}
