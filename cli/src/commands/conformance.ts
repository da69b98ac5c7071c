/** `weir conformance`: whether compiled rules and the reference evaluator mean what a file of cases expects. */
import type { Command } from "commander";

interface ConformanceOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("conformance")
    .description("judge expressions by the compiled matcher and by the reference evaluator, and compare")
    .argument("<cases>", "file with one JSON object a line, or - for standard input")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Each line has an expression, an event and what is expected of them; "name" and "macros" are optional:
  {"expression": "open.file.path in watched && open.flags & O_CREAT > 0", "expected": true,
   "macros": {"watched": "[\\"/etc/passwd\\", ~\\"/etc/cron.d/*\\"]"},
   "event": {"type": "open", "open.file.path": "/etc/cron.d/x", "open.flags": ["O_RDWR", "O_CREAT"]}}
expected is true, false or "error". Absent fields have their type's zero value. Blank lines and lines that
start with # are passed over. An expression over another event type than the event's does not match it.
Exit status 0: all passed. 1: something failed, or there was no case.

Example:
  weir conformance cases.jsonl`,
    )
    .action(async (path: string, options: ConformanceOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await conformance(path, options).catch((error) => fail("conformance", error, options));
    });
}

async function conformance(path: string, options: ConformanceOptions): Promise<void> {
  const { runConformance } = await import("@weir/rules");
  const { linesOf } = await import("../policies/lines.ts");
  const { conformanceFailureText } = await import("../policies/conformance.ts");
  const { Progress } = await import("../terminal/progress.ts");
  const failures: object[] = [];
  const progress = new Progress();
  const counts = await runConformance(linesOf(path), {
    failure: (failure) => {
      if (options.json) failures.push(failure);
      else progress.print(`${conformanceFailureText(path, failure)}\n`);
    },
    progress: ({ passed, failed }) => progress.show(`${passed + failed} cases judged, ${failed} failed`),
  });
  progress.clear();
  const { passed, failed } = counts;
  if (failed > 0 || passed === 0) process.exitCode = 1;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ok: failed === 0 && passed > 0, passed, failed, failures })}\n`);
    return;
  }
  if (passed + failed === 0) process.stderr.write(`weir conformance: ${path} holds no case\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}
