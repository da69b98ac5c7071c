/** `weir check`: what the compiler thinks of policies, without compiling them. */
import type { Command } from "commander";
import { POLICY_ARGUMENT } from "../terminal/options.ts";

interface CheckOptions {
  readonly json?: boolean;
  readonly notes?: boolean;
  readonly rules?: boolean;
  readonly strict?: boolean;
}

export function register(program: Command): void {
  program
    .command("check")
    .description("check policies: problems with their places, what is not loaded, and what the kernel stage filters by")
    .argument("<policy...>", POLICY_ARGUMENT)
    .option("--rules", "list every rule with its approvers")
    .option("--notes", "show notes as well: what is right and may still surprise")
    .option("--strict", "take unsupported constructs and warnings as errors")
    .option("--json", "print one JSON object, notes and approvers included")
    .addHelpText(
      "after",
      `
Problems go to standard error, the report to standard output.
Exit status 0: every rule is fine or left out with a warning. 1: there are errors, with --strict also warnings.

Example:
  weir check rules/packs/linux-fim.yaml`,
    )
    .action(check);
}

async function check(paths: string[], options: CheckOptions): Promise<void> {
  const { allDiagnostics, analysePolicies } = await import("@weir/rules");
  const { PolicyFileError } = await import("../policies/files.ts");
  const { readPolicies } = await import("../policies/inputs.ts");
  try {
    const analysis = analysePolicies(await readPolicies(paths), { unsupported: options.strict ? "error" : "skip" });
    const diagnostics = allDiagnostics(analysis);
    const isWarned = diagnostics.some(({ severity }) => severity === "warning");
    const ok = analysis.ok && !(options.strict && isWarned);
    if (!ok) process.exitCode = 1;
    const report = await import("../policies/check-report.ts");
    if (options.json) {
      process.stdout.write(`${JSON.stringify(report.checkJson(analysis, diagnostics, ok))}\n`);
      return;
    }
    const { diagnosticsText } = await import("../policies/report.ts");
    const shown = diagnostics.filter(({ severity }) => options.notes || severity !== "note");
    process.stderr.write(diagnosticsText(shown));
    if (options.rules) process.stdout.write(report.rulesText(analysis));
    process.stdout.write(report.summaryText(analysis, diagnostics, options.notes ?? false));
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: error.message })}\n`);
    else process.stderr.write(`weir check: ${error.message}\n`);
    process.exitCode = 1;
  }
}
