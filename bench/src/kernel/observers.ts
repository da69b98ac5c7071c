/**
 * What else watches files, each started and ended as its users would, with one watched folder that the workloads do not
 * touch. What this host lacks, or refuses, is named with the reason.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { WeirAttached, WeirCounters } from "./weir.ts";

/** Watched by those that watch a folder. */
export const WATCHED = "/etc";

/** This watcher cannot run here. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

export interface Observer {
  readonly name: string;
  /** Makes the host one that it was never attached to, as far as possible, before anything is measured. */
  begin?(): void;
  /** @throws UnavailableError */
  attach(): Promise<void>;
  detach(): Promise<void>;
  /** Ends what outlives a detachment. */
  end?(): Promise<void>;
}

const READY_MS = 20_000;

/** @param failure what to say if it never is */
async function until(ready: () => boolean, child: ChildProcess, failure: () => string): Promise<void> {
  const end = performance.now() + READY_MS;
  while (!ready()) {
    if (child.exitCode !== null || performance.now() > end) throw new UnavailableError(failure());
    await sleep(20);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

function requireCommand(command: string, debianPackage: string): void {
  if (spawnSync(command, ["--help"]).error)
    throw new UnavailableError(`${command} is not installed (Debian: apt-get install ${debianPackage})`);
}

/** The agent with the shipped pack, in a process of its own. */
export class WeirObserver implements Observer {
  readonly name = "Weir";
  readonly #child = spawn(process.execPath, [join(import.meta.dirname, "weir.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  readonly #answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  attached: WeirAttached | undefined;

  async #ask(line: string): Promise<unknown> {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the agent's process ended at ${line}`);
    return JSON.parse(value);
  }

  async attach(): Promise<void> {
    this.attached = (await this.#ask("attach")) as WeirAttached;
  }

  async counters(): Promise<WeirCounters> {
    return (await this.#ask("counters")) as WeirCounters;
  }

  async detach(): Promise<void> {
    await this.#ask("detach");
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once("exit", resolve));
  }
}

interface WatchingCommand {
  readonly command: readonly [string, ...string[]];
  /** File for its `-o`. */
  readonly output: string;
}

/** A program that watches from its start to its end. */
class CommandObserver implements Observer {
  readonly name: string;
  readonly #command: readonly [string, ...string[]];
  readonly #debianPackage: string;
  readonly #output: string;
  #child: ChildProcess | undefined;

  constructor(name: string, debianPackage: string, { command, output }: WatchingCommand) {
    this.name = name;
    this.#debianPackage = debianPackage;
    this.#command = command;
    this.#output = output;
  }

  async attach(): Promise<void> {
    const [command, ...rest] = this.#command;
    const args = [...rest, "-o", this.#output];
    requireCommand(command, this.#debianPackage);
    // fatrace does not write into a file that is there.
    rmSync(this.#output, { force: true });
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let errors = "";
    child.stderr.on("data", (data) => {
      errors += data;
    });
    const failure = (): string => `${command} does not watch: ${errors.trim() || "no reason given"}`;
    // inotifywait adds one watch after the other, and says when it has all.
    const ready = (): boolean =>
      command === "inotifywait" ? /Watches established/.test(errors) : hasMarks(child.pid ?? 0);
    try {
      await until(ready, child, failure);
    } catch (error) {
      await ended(child);
      throw error;
    }
  }

  async detach(): Promise<void> {
    if (this.#child) await ended(this.#child);
    this.#child = undefined;
  }
}

/** Whether a process has a descriptor of fanotify with marks. */
function hasMarks(pid: number): boolean {
  const folder = `/proc/${pid}/fdinfo`;
  try {
    return readdirSync(folder).some((fd) => /^fanotify .*mask:/m.test(readFileSync(join(folder, fd), "utf8")));
  } catch {
    return false; // gone meanwhile
  }
}

function auditctl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("auditctl", args, { encoding: "utf8" });
  if (status !== 0) throw new UnavailableError(`auditctl ${args.join(" ")}: ${(stderr || stdout).trim()}`);
  return stdout;
}

/**
 * The kernel never forgets that audit was enabled: every new task pays for it from then on, unless a rule exempts it.
 * That rule stands during the benchmark wherever auditd does not run, so that nothing else is charged.
 */
const NO_TASK = ["-a", "never,task"] as const;

/** auditd with one watch and a log file of its own. It is left alone where the host uses it. */
class AuditObserver implements Observer {
  readonly name = "auditd";
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #begun = false;

  constructor(folder: string) {
    this.#folder = join(folder, "auditd");
  }

  begin(): void {
    try {
      requireCommand("auditctl", "auditd");
      this.#requireUnused();
      auditctl(...NO_TASK);
      this.#begun = true;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error; // attach() tells
    }
  }

  #requireUnused(): void {
    if (!/^pid 0$/m.test(auditctl("-s"))) throw new UnavailableError("an audit daemon runs already");
    if (!this.#begun && auditctl("-l").trim() !== "No rules")
      throw new UnavailableError("the host has audit rules of its own");
  }

  #configure(): void {
    const settings = {
      local_events: "yes",
      write_logs: "yes",
      log_file: join(this.#folder, "audit.log"),
      log_format: "RAW",
      flush: "INCREMENTAL_ASYNC",
      freq: 50,
      max_log_file: 64,
      max_log_file_action: "ROTATE",
      num_logs: 2,
      space_left: 2,
      admin_space_left: 1,
      plugin_dir: join(this.#folder, "plugins.d"),
    };
    mkdirSync(settings.plugin_dir, { recursive: true, mode: 0o750 });
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    writeFileSync(join(this.#folder, "auditd.conf"), lines.join(""), { mode: 0o640 });
  }

  async attach(): Promise<void> {
    requireCommand("auditctl", "auditd");
    this.#requireUnused();
    this.#configure();
    const output = openSync(join(this.#folder, "output"), "w");
    const child = spawn("auditd", ["-n", "-c", this.#folder], { stdio: ["ignore", output, output] });
    this.#child = child;
    const failure = (): string =>
      `auditd does not start: ${readFileSync(join(this.#folder, "output"), "utf8").trim() || "no reason given"}`;
    try {
      await until(() => new RegExp(`^pid ${child.pid}$`, "m").test(auditctl("-s")), child, failure);
      auditctl("-D");
      auditctl("-b", "8192");
      auditctl("-a", "always,exit", "-F", `dir=${WATCHED}`, "-F", "perm=wa");
    } catch (error) {
      await this.detach();
      throw error;
    }
  }

  async detach(): Promise<void> {
    if (!this.#child) return;
    auditctl("-D");
    auditctl(...NO_TASK);
    auditctl("-e", "0");
    await ended(this.#child);
    this.#child = undefined;
  }

  async end(): Promise<void> {
    if (this.#begun) auditctl("-D");
  }
}

/** @param folder for their output */
export function otherObservers(folder: string): Observer[] {
  const output = (name: string): string => join(folder, name);
  return [
    new AuditObserver(folder),
    new CommandObserver("inotifywait -r", "inotify-tools", {
      command: ["inotifywait", "-m", "-r", WATCHED],
      output: output("inotifywait.out"),
    }),
    new CommandObserver("fatrace", "fatrace", { command: ["fatrace"], output: output("fatrace.out") }),
  ];
}
