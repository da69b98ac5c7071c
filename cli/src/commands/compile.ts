/** `weir compile`: policies to the files of a bundle, on this machine and without a control plane. */
import type { Command } from "commander";
import { POLICY_ARGUMENT } from "../terminal/options.ts";

interface CompileOptions {
  readonly out: string;
  readonly json?: boolean;
  readonly strict?: boolean;
}

export function register(program: Command): void {
  program
    .command("compile")
    .description("compile policies to a matcher module and the seeds of the kernel stage")
    .argument("<policy...>", POLICY_ARGUMENT)
    .requiredOption("--out <folder>", "folder for matcher.wasm, seeds.json, rules.json and sources.json")
    .option("--strict", "take rules with unsupported constructs as errors")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The same policies give the same bytes on every machine. The folder is written as a whole or not at all.
Exit status 0: compiled. 1: there are errors and nothing was written.

Example:
  weir compile rules/packs/linux-fim.yaml --out build/linux-fim`,
    )
    .action(compile);
}

async function compile(paths: string[], options: CompileOptions): Promise<void> {
  const { PolicyFileError } = await import("../policies/files.ts");
  const { readPolicies } = await import("../policies/inputs.ts");
  const { PolicySources } = await import("../policies/sources.ts");
  const { PolicyError } = await import("../terminal/errors.ts");
  const { OutputError, writeFolder } = await import("../policies/output.ts");
  const { diagnosticsText, countsText, loadedText } = await import("../policies/report.ts");
  try {
    const sources = PolicySources.of(await readPolicies(paths));
    const { compilePolicies } = await import("@weir/rules");
    const result = await compilePolicies(sources.files, { unsupported: options.strict ? "error" : "skip" });
    const diagnostics = sources.located(result.diagnostics);
    if (!result.ok) throw new PolicyError(countsText(diagnostics), diagnostics);
    if (!options.json) process.stderr.write(diagnosticsText(diagnostics));
    const { canonicalBytes, sha256 } = await import("@weir/trust");
    const outputs = new Map([
      ["matcher.wasm", result.wasm],
      ["seeds.json", canonicalBytes(result.seeds as never)],
      ["rules.json", canonicalBytes({ format: "weir-rules/1", rules: result.metadata as never })],
      ["sources.json", canonicalBytes({ format: "weir-sources/1", files: sources.files as never })],
    ]);
    writeFolder(options.out, outputs);
    const written = [...outputs].map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }));
    if (options.json) {
      const rules = result.statuses.map(({ id, state, event, reason }) => ({ id, state, event, reason }));
      process.stdout.write(`${JSON.stringify({ ok: true, out: options.out, rules, files: written, diagnostics })}\n`);
      return;
    }
    for (const { name, bytes, sha256: digest } of written)
      process.stdout.write(`${name.padEnd(13)} ${String(bytes).padStart(9)} bytes  sha256 ${digest}\n`);
    process.stdout.write(`${loadedText(result.statuses)} in ${options.out}\n`);
  } catch (error) {
    const isForeseen = error instanceof PolicyFileError || error instanceof OutputError || isSystemError(error);
    if (!isForeseen && !(error instanceof PolicyError)) throw error;
    const diagnostics = error instanceof PolicyError ? error.diagnostics : [];
    process.exitCode = 1;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: error.message, diagnostics })}\n`);
    else process.stderr.write(`${diagnosticsText(diagnostics)}weir compile: ${error.message}; nothing was written\n`);
  }
}

const isSystemError = (error: unknown): error is Error => error instanceof Error && "syscall" in error;
