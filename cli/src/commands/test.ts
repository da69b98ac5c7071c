/** `weir test`: the unit tests that lie beside policies. */
import type { Command } from "commander";
import { POLICY_ARGUMENT } from "../terminal/options.ts";

interface TestOptions {
  readonly tests?: readonly string[];
  readonly requireCoverage?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("test")
    .description("run the unit tests of policies: events, and the rules that are expected to match them")
    .argument("<policy...>", POLICY_ARGUMENT)
    .option(
      "--tests <file>",
      "run these tests, with all rules, instead of those beside the policies; repeatable",
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .option(
      "--require-coverage",
      "fail when a rule lacks an event that it matches, or one of its type that it does not",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The tests of NAME.yaml are in NAME.test.yaml beside it, and are about the rules of that file:
  - name: the password file is opened for writing
    event:
      type: open
      open.file.path: /etc/shadow
      open.flags: [O_WRONLY, O_TRUNC]
    expect: [credentials_written]     # all rules that match; [] for none
  - name: events one after the other, for rules that set variables
    events:
      - event: { type: open, open.file.path: /etc/motd }
        expect: []
      - event: { type: unlink, unlink.file.path: /etc/motd }
        expect_not: [credentials_removed]
Each event is judged by the compiled matcher and by the reference evaluator.
Exit status 0: all passed. 1: a test failed, there are errors, or there is no test.

Examples:
  weir test rules/packs/linux-fim.yaml --require-coverage
  weir test policies/ --tests scenarios.yaml`,
    )
    .action(async (paths: string[], options: TestOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await test(paths, options).catch((error) => fail("test", error, options));
    });
}

async function test(paths: string[], options: TestOptions): Promise<void> {
  const { readPolicies } = await import("../policies/inputs.ts");
  const { testFilesOf, testsBeside } = await import("../policies/test-files.ts");
  const { CommandError, PolicyError } = await import("../terminal/errors.ts");
  const policies = await readPolicies(paths);
  const tests = options.tests ? await readPolicies(options.tests) : testFilesOf(policies.map(({ name }) => name));
  if (tests.length === 0)
    throw new CommandError(
      "there are no tests beside these policies",
      `expected ${testsBeside(policies[0]?.name ?? "NAME.yaml")[0]}, or --tests FILE`,
    );
  const { testPolicies } = await import("@weir/rules");
  const result = await testPolicies(policies, tests);
  if (!result.ran) {
    const { countsText } = await import("../policies/report.ts");
    throw new PolicyError(`${countsText(result.diagnostics)}; no test was run`, result.diagnostics);
  }
  const { caseText, coverageText, isCovered } = await import("../policies/test-report.ts");
  const { passed, failed, cases, coverage, diagnostics } = result;
  const covered = options.requireCoverage !== true || coverage.every(isCovered);
  const ok = failed === 0 && passed > 0 && covered;
  if (!ok) process.exitCode = 1;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ok, passed, failed, cases, coverage, diagnostics })}\n`);
    return;
  }
  const { diagnosticsText } = await import("../policies/report.ts");
  process.stderr.write(diagnosticsText(diagnostics));
  for (const one of cases) process.stdout.write(`${caseText(one)}\n`);
  if (options.requireCoverage) process.stdout.write(coverageText(coverage));
  const count = coverage.filter(isCovered).length;
  process.stdout.write(`${count} of ${coverage.length} rules have an event that they match and one that they do not\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}
