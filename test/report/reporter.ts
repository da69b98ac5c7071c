/**
 * Vitest reporter that writes a ProjectReport to the file named by WEIR_TEST_REPORT. Vitest's own JSON
 * reporter leaves out why a test was skipped and which errors lay outside the tests.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from "vitest/node";
import type { ProjectReport, TestOutcome } from "./report.ts";

const file = process.env["WEIR_TEST_REPORT"];
if (file === undefined) throw new Error("WEIR_TEST_REPORT is unset; it names the file that the report goes to");

function outcome(test: TestCase): TestOutcome {
  const name = `${pathOf(test.module)} > ${test.fullName}`;
  const result = test.result();
  if (result.state === "skipped")
    return { name, state: "skipped", ...(result.note === undefined ? {} : { reason: result.note }) };
  // A test still pending when the run ends was cut off: that is no pass.
  return { name, state: result.state === "passed" ? "passed" : "failed" };
}

function pathOf(module: TestModule): string {
  return relative(process.cwd(), module.moduleId);
}

function hookErrors(owner: TestModule | TestSuite, name: string): string[] {
  return owner.errors().map((error) => `${name}: ${error.message}`);
}

export default class ReportWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const report: ProjectReport = {
      tests: modules.flatMap((module) => [...module.children.allTests()].map(outcome)),
      errors: [
        ...modules.flatMap((module) => [
          ...hookErrors(module, pathOf(module)),
          ...[...module.children.allSuites()].flatMap((suite) =>
            hookErrors(suite, `${pathOf(module)} > ${suite.fullName}`),
          ),
        ]),
        ...unhandled.map((error) => `unhandled: ${error.message}`),
      ],
    };
    writeFileSync(file as string, JSON.stringify(report, null, 2));
  }
}
