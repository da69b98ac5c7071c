/** The load program: system calls of another process, a given number at a time. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Cost } from "./cost.ts";

const SOURCE = join(import.meta.dirname, "load.c");

export interface Calls {
  readonly count: number;
  /** File to open and close; without, a call that concerns no file. */
  readonly file?: string;
  /** Of open(2). */
  readonly flags?: number;
}

/**
 * Compiles the load program.
 * @returns its path, in the folder
 * @throws Error where there is no clang
 */
export function buildLoad(folder: string): string {
  const program = join(folder, "load");
  execFileSync("clang", ["-O2", "-o", program, SOURCE]);
  return program;
}

/** A process of the load program. */
export class Load {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  constructor(program: string) {
    this.#child = spawn(program, { stdio: ["pipe", "pipe", "pipe"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns what all calls took */
  async run({ count, file = "", flags = 0 }: Calls): Promise<Cost> {
    this.#child.stdin.write(`${count} ${flags} ${file}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the load program ended: ${String(this.#child.stderr.read() ?? "")}`);
    const [elapsedNs = 0, processorNs = 0] = String(value).split(" ").map(Number);
    return { elapsedMs: elapsedNs / 1e6, processorMs: processorNs / 1e6 };
  }

  end(): void {
    this.#child.stdin.end();
  }
}
