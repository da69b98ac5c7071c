/** The load program: system calls of another process, a given number at a time. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SOURCE = join(import.meta.dirname, "load.c");

export interface Calls {
  readonly count: number;
  /** File to open and close; without, a call that concerns no file. */
  readonly file?: string;
  /** Of open(2). */
  readonly flags?: number;
}

export class Load {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  /** @throws Error where there is no clang */
  constructor(folder: string) {
    const program = join(folder, "load");
    execFileSync("clang", ["-O2", "-o", program, SOURCE]);
    this.#child = spawn(program, { stdio: ["pipe", "pipe", "pipe"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns nanoseconds that all calls took */
  async run({ count, file = "", flags = 0 }: Calls): Promise<number> {
    this.#child.stdin.write(`${count} ${flags} ${file}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the load program ended: ${String(this.#child.stderr.read() ?? "")}`);
    return Number(value);
  }

  end(): void {
    this.#child.stdin.end();
  }
}
