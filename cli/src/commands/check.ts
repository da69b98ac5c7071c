/** `weir check`: what the compiler thinks of policies, without compiling them. */
import type { Command } from "commander";

interface CheckOptions {
  readonly json?: boolean;
  readonly strict?: boolean;
}

export function register(program: Command): void {
  program
    .command("check")
    .description("check policies: errors with their places, and for each rule what the kernel stage filters by")
    .argument("<policy...>", "policy files, or folders of .yaml, .yml and .policy files; together they are one set")
    .option("--strict", "take rules with unsupported constructs as errors")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Exit status 0: every rule is fine or left out with a warning. 1: there are errors.

Example:
  weir check rules/packs/linux-fim.yaml`,
    )
    .action(check);
}

async function check(paths: string[], options: CheckOptions): Promise<void> {
  const { analysePolicies } = await import("@weir/rules");
  const { PolicyFileError, readPolicyFiles } = await import("../policies/files.ts");
  const report = await import("../policies/report.ts");
  try {
    const files = readPolicyFiles(paths);
    const analysis = analysePolicies(files, { unsupported: options.strict ? "error" : "skip" });
    const rules = new Map(analysis.rules.map((rule) => [rule.checked.id, rule]));
    if (!analysis.ok) process.exitCode = 1;
    if (options.json) {
      const { ok, statuses, diagnostics } = analysis;
      const result = {
        ok,
        rules: statuses.map((status) => report.statusJson(status, rules.get(status.id))),
        diagnostics,
      };
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    for (const status of analysis.statuses)
      process.stdout.write(`${report.statusText(status, rules.get(status.id))}\n`);
    process.stderr.write(report.diagnosticsText(analysis.diagnostics));
    process.stdout.write(
      `${rules.size} of ${analysis.statuses.length} rules loaded; ${report.countsText(analysis.diagnostics)}\n`,
    );
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: error.message })}\n`);
    else process.stderr.write(`weir check: ${error.message}\n`);
    process.exitCode = 1;
  }
}
