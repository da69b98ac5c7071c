/** `weir compile`: policies to the files of a bundle, on this machine and without a control plane. */
import type { Command } from "commander";

interface CompileOptions {
  readonly out: string;
  readonly json?: boolean;
  readonly strict?: boolean;
}

export function register(program: Command): void {
  program
    .command("compile")
    .description("compile policies to a matcher module and the seeds of the kernel stage")
    .argument("<policy...>", "policy files, or folders of .yaml, .yml and .policy files; together they are one set")
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
  const { bundleSources, PolicyFileError, readPolicyFiles } = await import("../policies/files.ts");
  const { OutputError, writeFolder } = await import("../policies/output.ts");
  const { diagnosticsText, countsText } = await import("../policies/report.ts");
  const fail = (message: string, diagnostics: readonly unknown[]) => {
    process.exitCode = 1;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: message, diagnostics })}\n`);
    else process.stderr.write(`weir compile: ${message}; nothing was written\n`);
  };
  try {
    const files = readPolicyFiles(paths);
    const sources = bundleSources(files);
    const { compilePolicies } = await import("@weir/rules");
    const result = await compilePolicies(files, { unsupported: options.strict ? "error" : "skip" });
    if (!options.json) process.stderr.write(diagnosticsText(result.diagnostics, process.stderr.isTTY === true));
    if (!result.ok) {
      fail(countsText(result.diagnostics), result.diagnostics);
      return;
    }
    const { canonicalBytes, sha256 } = await import("@weir/trust");
    const outputs = new Map([
      ["matcher.wasm", result.wasm],
      ["seeds.json", canonicalBytes(result.seeds as never)],
      ["rules.json", canonicalBytes({ format: "weir-rules/1", rules: result.metadata as never })],
      ["sources.json", canonicalBytes({ format: "weir-sources/1", files: sources })],
    ]);
    writeFolder(options.out, outputs);
    const written = [...outputs].map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }));
    if (options.json) {
      const { statuses, diagnostics } = result;
      const rules = statuses.map(({ id, state, event, reason }) => ({ id, state, event, reason }));
      process.stdout.write(`${JSON.stringify({ ok: true, out: options.out, rules, files: written, diagnostics })}\n`);
      return;
    }
    for (const { name, bytes, sha256: digest } of written)
      process.stdout.write(`${name.padEnd(13)} ${String(bytes).padStart(9)} bytes  sha256 ${digest}\n`);
    process.stdout.write(`${result.rules.length} of ${result.statuses.length} rules in ${options.out}\n`);
  } catch (error) {
    if (error instanceof PolicyFileError || error instanceof OutputError || isSystemError(error))
      fail(error.message, []);
    else throw error;
  }
}

const isSystemError = (error: unknown): error is Error => error instanceof Error && "syscall" in error;
