/**
 * Runs commands under other kernels: vm.sh beside this file, for tests.
 *
 * The guest sees this machine's files read-only below a layer of memory, this checkout among them, so a command
 * names its files as it would here and leaves nothing behind.
 */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Debian releases and their kernels: 5.10, 6.1, 6.12, and the newest. */
export type Release = "bullseye" | "bookworm" | "trixie" | "sid";

export interface VmRun {
  readonly release: Release;
  /** Program and arguments; no shell is between. */
  readonly command: readonly [string, ...string[]];
  /** Boot included, which takes 9 to 25 s under software emulation. */
  readonly timeoutMs: number;
  /** Working directory in the guest; the root of the checkout by default. */
  readonly cwd?: string;
  /** How often at most, where the command crashes; 3 by default. */
  readonly attempts?: number;
}

export interface VmResult {
  /** Of the command in the guest. */
  readonly exitCode: number;
  /** What the command wrote to stdout and stderr, as it came. */
  readonly output: string;
}

/** The command did not run to its end in the guest. */
export class VmError extends Error {
  override readonly name = "VmError";
  readonly kind: "cannot-prepare" | "timeout" | "no-result" | "usage";
  readonly release: Release;
  /** What the guest had written by then. */
  readonly output: string;

  constructor(options: { kind: VmError["kind"]; release: Release; message: string; output: string }) {
    super(`${options.release}: ${options.message.trim()}${options.output && `\noutput so far:\n${options.output}`}`);
    this.kind = options.kind;
    this.release = options.release;
    this.output = options.output;
  }
}

/** Exit statuses by which vm.sh speaks of itself, not of the command. */
const OWN_STATUSES = new Map<number, VmError["kind"]>([
  [123, "cannot-prepare"],
  [124, "timeout"],
  [125, "no-result"],
  [126, "usage"],
]);

const SCRIPT = fileURLToPath(new URL("vm.sh", import.meta.url));
export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** @returns why no guest can run on this machine, undefined if one can; for `context.skip` */
export function vmMissing(): string | undefined {
  const { status, stderr } = spawnSync(SCRIPT, ["--check"], { encoding: "utf8" });
  return status === 0 ? undefined : stderr.trim();
}

/**
 * Downloads the kernel unless this machine has it. Its time then does not count against a test's.
 * @throws VmError of kind "cannot-prepare"
 */
export async function fetchKernel(release: Release): Promise<void> {
  const { exitCode, errors } = await runScript(["--fetch", release], { cwd: CHECKOUT, env: process.env });
  if (exitCode !== 0) throw new VmError({ kind: "cannot-prepare", release, message: errors, output: "" });
}

/** Statuses of commands that crashed: SIGILL, SIGTRAP (failed checks of V8), SIGABRT, SIGBUS, SIGSEGV. */
const CRASHES = [4, 5, 6, 7, 11].map((signal) => 128 + signal);

/**
 * Under software emulation Node now and then crashes: a segmentation fault soon after its start, or V8's check that a
 * return address into code of a WebAssembly module belongs to that code. Never seen on real processors. Such a run is
 * told, with what the guest's kernel says of it, and repeated.
 * @throws VmError where the command did not run to its end
 */
export async function runInVm(run: VmRun): Promise<VmResult> {
  const { attempts = 3, release, command } = run;
  for (let attempt = 1; ; attempt++) {
    const result = await runOnce(run);
    if (!CRASHES.includes(result.exitCode) || attempt >= attempts) return result;
    const told = `status ${result.exitCode}, attempt ${attempt} of ${attempts}`;
    process.stderr.write(`${release}: ${command.join(" ")}: ${told}:\n${result.output}\n`);
  }
}

async function runOnce(run: VmRun): Promise<VmResult> {
  const { release, command, timeoutMs, cwd = CHECKOUT } = run;
  const env = { ...process.env, WEIR_VM_TIMEOUT_SECONDS: String(Math.ceil(timeoutMs / 1000)) };
  const { exitCode, output, errors } = await runScript([release, ...command], { cwd, env });
  const kind = OWN_STATUSES.get(exitCode);
  // A command may end with the same status; only vm.sh itself writes to stderr.
  if (kind !== undefined && errors !== "") throw new VmError({ kind, release, message: errors, output });
  return { exitCode, output };
}

interface ScriptResult {
  exitCode: number;
  output: string;
  errors: string;
}

function runScript(args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(SCRIPT, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      if (exitCode === null) reject(new Error(`vm.sh was ended by ${signal}: ${errors}`));
      else resolve({ exitCode, output, errors });
    });
  });
}
