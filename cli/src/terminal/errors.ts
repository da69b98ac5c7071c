/** How commands end: a message on standard error and an exit status. Loads nothing before something fails. */
import type { Diagnostic } from "@weir/rules";

/** A failure that was foreseen: its message is all that the user needs. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Policies that do not compile; nothing was done with them. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message);
    this.diagnostics = diagnostics;
  }
}

/** What compilers had to say, each line of it ended, and what would help where it is known. */
async function details(error: unknown): Promise<{ diagnostics: string; remedy: string }> {
  const remedy = error instanceof Error && "remedy" in error && error.remedy ? `  ${String(error.remedy)}\n` : "";
  if (!(error instanceof PolicyError)) return { diagnostics: "", remedy };
  const { diagnosticsText } = await import("../policies/report.ts");
  return { diagnostics: diagnosticsText(error.diagnostics), remedy };
}

/** Prints the error with its details. */
export async function tell(command: string, error: unknown): Promise<void> {
  const { diagnostics, remedy } = await details(error);
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${diagnostics}weir ${command}: ${message}\n${remedy}`);
}

/**
 * Prints the error with its details, and makes the process exit with 1.
 * @param options.json as one object on standard output
 */
export async function fail(
  command: string,
  error: unknown,
  options: { readonly json?: boolean | undefined } = {},
): Promise<void> {
  process.exitCode = 1;
  if (!options.json) return await tell(command, error);
  const { message } = error instanceof Error ? error : new Error(String(error));
  const diagnostics = error instanceof PolicyError ? error.diagnostics : [];
  process.stdout.write(`${JSON.stringify({ ok: false, error: message, diagnostics })}\n`);
}
