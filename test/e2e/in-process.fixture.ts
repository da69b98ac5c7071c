/**
 * The weir command inside the test's process, for what does not depend on having one of its own: starting Node.js
 * and loading the compiler takes a second of processor time, the command itself mostly nothing.
 */
import { createProgram } from "@weir/cli";
import type { Outcome } from "./weir.fixture.ts";

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command to its end, one at a time. What it writes to standard output and error is taken from this process,
 * and so is its exit status; what it throws would end a process with a stack trace, and is in `stderr`.
 */
export function weirHere(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const result = last.then(() => runHere(args, env));
  last = result;
  return result;
}

async function runHere(args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  const before = { env: process.env, exitCode: process.exitCode };
  const { FORCE_COLOR: _, ...rest } = process.env;
  process.env = { ...rest, NO_COLOR: "1", ...env };
  process.exitCode = undefined;
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  try {
    const program = await createProgram((command) => command.exitOverride());
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!isExit(error)) process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = isExit(error) ? error.exitCode : 1;
  } finally {
    stdout.restore();
    stderr.restore();
    process.env = before.env;
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = before.exitCode;
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** How commander ends a command after help or a wrong option. */
const isExit = (error: unknown): error is Error & { readonly exitCode: number } =>
  error instanceof Error && "exitCode" in error && typeof error.exitCode === "number";

function capture(stream: NodeJS.WriteStream): { readonly text: () => string; readonly restore: () => void } {
  const { write } = stream;
  const chunks: string[] = [];
  stream.write = ((chunk: string | Uint8Array): boolean => {
    chunks.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    return true;
  }) as typeof write;
  return {
    text: () => chunks.join(""),
    restore: () => {
      stream.write = write;
    },
  };
}
