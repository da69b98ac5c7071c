/**
 * Standard output, one event a line. Node writes to pipes, terminals and sockets without waiting; a line counts as
 * delivered when the system has taken it, not when somebody has read it.
 */
import type { Writable } from "node:stream";
import type { SpoolRecord } from "../record.ts";
import { EndedError, type Format, type Receipt, type Sink, TAKEN, UnreachableError } from "../sink.ts";

export class StdoutSink implements Sink {
  readonly #stream: Writable;
  readonly #format: Format;
  #error: Error | undefined;

  constructor(format: Format, stream: Writable = process.stdout) {
    this.#format = format;
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#error = error;
    });
  }

  async deliver(records: readonly SpoolRecord[], signal: AbortSignal): Promise<Receipt> {
    if (this.#error) throw new EndedError(`standard output: ${this.#error.message}`, { cause: this.#error });
    const lines = records.map(({ payload }) => `${this.#format(payload)}\n`).join("");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#stream.write(lines, (error) => (error ? reject(error) : resolve()));
    const abort = (): void => reject(new UnreachableError("standard output: nobody reads it"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      await promise;
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      throw new EndedError(`standard output: ${(error as Error).message}`, { cause: error });
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return TAKEN;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
