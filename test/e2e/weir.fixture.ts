/** The weir command as its users run it: child processes, and whatever they print. None outlives the tests. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../tidy/files.ts";

export const WEIR = join(ROOT, "cli/bin/weir");
const ONE_OFF_TIMEOUT_MS = 45_000;
const WAIT_TIMEOUT_MS = 20_000;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A signal counts as code -1. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const options = {
    env: { ...process.env, NO_COLOR: "1", ...env },
    timeout: ONE_OFF_TIMEOUT_MS,
    maxBuffer: 64 << 20,
  };
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

export const weir = (args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
  run(WEIR, args, env);

export type Value = Record<string, unknown>;
type Accept = (value: Value) => boolean;

interface Waiter {
  readonly accept: Accept;
  readonly resolve: (value: Value) => void;
}

const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** A weir command that runs on. JSON lines of both its outputs can be waited for. */
export class Child {
  readonly #child: ChildProcess;
  readonly #waiters = new Set<Waiter>();
  readonly #values: Value[] = [];
  /** Resolves with the exit code, -1 after a signal. */
  readonly exited: Promise<number>;
  /** Lines that are no JSON object. */
  readonly text: { readonly stdout: string[]; readonly stderr: string[] } = { stdout: [], stderr: [] };

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(WEIR, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...env },
    });
    this.#child = child;
    alive.add(child);
    this.exited = new Promise((resolve) => {
      child.once("close", (code) => {
        alive.delete(child);
        resolve(code ?? -1);
      });
    });
    for (const stream of ["stdout", "stderr"] as const)
      createInterface({ input: child[stream] as NodeJS.ReadableStream }).on("line", (line) => this.#take(stream, line));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  #take(stream: "stdout" | "stderr", line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    if (typeof value !== "object" || value === null) {
      this.text[stream].push(line);
      value = { line };
    }
    for (const waiter of this.#waiters) {
      if (!waiter.accept(value as Value)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(value as Value);
      return;
    }
    this.#values.push(value as Value);
  }

  /**
   * The first value that fits, of those that came already or are to come; it is then used up. A line that is no
   * JSON counts as `{line}`.
   * @throws when the command ends first or the time is over, with what it printed
   */
  async next(what: string, accept: Accept): Promise<Value> {
    const index = this.#values.findIndex(accept);
    if (index >= 0) return this.#values.splice(index, 1)[0] as Value;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const waiter = { accept, resolve };
    this.#waiters.add(waiter);
    const give = (why: string): void => reject(new Error(`${why}: ${what}; it printed ${this.#printed()}`));
    const timer = setTimeout(() => give("not seen in time"), WAIT_TIMEOUT_MS);
    void this.exited.then(() => give("ended before"));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  #printed(): string {
    return JSON.stringify([...this.#values.slice(-20), ...this.text.stderr.slice(-20)], null, 1);
  }

  /** Values that fit and were not used up. */
  seen(accept: Accept): readonly Value[] {
    return this.#values.filter(accept);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Stops reading, as a pager does that is left. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  /** @returns the exit code after SIGTERM */
  stop(): Promise<number> {
    this.signal("SIGTERM");
    return this.exited;
  }
}

/** Ends every child that a test has left. */
export async function endAll(): Promise<void> {
  const ends = [...alive].map((child) => new Promise((resolve) => child.once("close", resolve)));
  for (const child of alive) child.kill("SIGKILL");
  await Promise.all(ends);
}

export interface Server {
  readonly child: Child;
  readonly url: string;
  readonly token: string;
}

/**
 * Starts `weir serve` and waits until it is ready.
 * @param token of an earlier start with the same folder, which is not printed again
 */
export async function serve(data: string, { listen = "127.0.0.1:0", token = "" } = {}): Promise<Server> {
  const child = new Child(["serve", "--listen", listen, "--data", data, "--json"]);
  const ready = await child.next("ready", ({ event }) => event === "ready");
  return { child, url: String(ready["url"]), token: String(ready["token"] ?? token) };
}

export async function publish(
  { url, token }: Pick<Server, "url" | "token">,
  { tenant, text }: { tenant: string; text: string },
): Promise<string> {
  const response = await fetch(`${url}/v1/tenants/${tenant}/policies`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ files: [{ name: "policy.yaml", text }] }),
  });
  const body = (await response.json()) as Value;
  if (response.status !== 201) throw new Error(`publishing answered ${response.status}: ${JSON.stringify(body)}`);
  return String(body["digest"]);
}

/** A policy with one rule for each id and path expression; anything opened for writing matches. */
export function policy(rules: Readonly<Record<string, string>>): string {
  const entries = Object.entries(rules).map(
    ([id, path]) =>
      `  - id: ${id}\n    expression: open.file.path ${path} && open.flags & (O_WRONLY|O_RDWR|O_CREAT) > 0\n`,
  );
  return `rules:\n${entries.join("")}`;
}
