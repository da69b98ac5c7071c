/**
 * The demo's two services as processes of their own, as in production. Their output goes to files, so that
 * they can outlive the demo, and is followed line by line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, type FSWatcher, openSync, readSync, watch } from "node:fs";
import { fileURLToPath } from "node:url";
import { CommandError } from "../terminal/errors.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const STOP_TIMEOUT_MS = 10_000;

/** Calls back with each line that is appended to a file. */
class LineFollower {
  readonly #fd: number;
  readonly #watcher: FSWatcher;
  readonly #onLine: (line: string) => void;
  #position = 0;
  #rest = "";

  constructor(path: string, onLine: (line: string) => void) {
    this.#fd = openSync(path, "r");
    this.#onLine = onLine;
    this.#watcher = watch(path, () => this.#read());
    this.#read();
  }

  #read(): void {
    const chunk = Buffer.alloc(1 << 16);
    for (let n = 1; n > 0; ) {
      n = readSync(this.#fd, chunk, 0, chunk.length, this.#position);
      this.#position += n;
      this.#rest += chunk.toString("utf8", 0, n);
    }
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }

  close(): void {
    this.#read();
    this.#watcher.close();
    closeSync(this.#fd);
  }
}

interface Waiter {
  readonly accept: (value: Record<string, unknown>) => boolean;
  readonly resolve: (value: Record<string, unknown>) => void;
}

/** A weir command that runs on and writes JSON lines. */
export class Service {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #followers: LineFollower[];
  readonly #waiters = new Set<Waiter>();
  /** Values that nobody has waited for yet, oldest first. */
  readonly #values: Record<string, unknown>[] = [];
  #errors = "";

  /**
   * @param files where standard output and standard error go; JSON lines are read from both
   */
  constructor(name: string, args: readonly string[], files: { stdout: string; stderr: string }) {
    this.name = name;
    const out = openSync(files.stdout, "a", 0o600);
    const err = openSync(files.stderr, "a", 0o600);
    this.#child = spawn(process.execPath, [MAIN, name, ...args], { detached: true, stdio: ["ignore", out, err] });
    closeSync(out);
    closeSync(err);
    this.#exited = new Promise((resolve) => this.#child.once("exit", () => resolve()));
    this.#followers = [files.stdout, files.stderr].map((file) => new LineFollower(file, (line) => this.#take(line)));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  #take(line: string): void {
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(line) as Record<string, unknown>;
    } catch {
      this.#errors += `${line}\n`;
      return;
    }
    for (const waiter of this.#waiters) {
      if (!waiter.accept(value)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(value);
      return;
    }
    this.#values.push(value);
  }

  /**
   * The first value that fits, of those that came already or are to come; it is then used up.
   * @throws CommandError when the service ends first or the time is over
   */
  async next(what: string, accept: Waiter["accept"], timeoutMs = 30_000): Promise<Record<string, unknown>> {
    const index = this.#values.findIndex(accept);
    if (index >= 0) return this.#values.splice(index, 1)[0] as Record<string, unknown>;
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    const waiter = { accept, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(() => reject(this.#failure(`no ${what} within ${timeoutMs / 1000} s`)), timeoutMs);
    void this.#exited.then(() => reject(this.#failure(`ended while ${what} was waited for`)));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** Values so far that fit; they stay. */
  seen(accept: Waiter["accept"]): readonly Record<string, unknown>[] {
    return this.#values.filter(accept);
  }

  #failure(problem: string): CommandError {
    return new CommandError(`weir ${this.name}: ${problem}`, this.#errors.trim() || undefined);
  }

  /** Lets go of the process, which runs on. */
  release(): void {
    for (const follower of this.#followers) follower.close();
    this.#child.unref();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await this.#exited;
      clearTimeout(timer);
    }
    for (const follower of this.#followers) follower.close();
  }
}
