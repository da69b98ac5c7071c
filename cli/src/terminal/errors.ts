/** How commands end: a message on standard error and an exit status. */
import { StageUnavailableError } from "@weir/agent";

/** A failure that was foreseen: its message is all that the user needs. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Prints the error, with what would help where it is known, and makes the process exit with 1. */
export function fail(command: string, error: unknown): void {
  const remedy = error instanceof CommandError || error instanceof StageUnavailableError ? error.remedy : undefined;
  process.stderr.write(`weir ${command}: ${error instanceof Error ? error.message : String(error)}\n`);
  if (remedy) process.stderr.write(`  ${remedy}\n`);
  process.exitCode = 1;
}
