import { expect, test } from "vitest";
import { type ProjectReport, parseReport } from "./report.ts";
import { formatSummary, type ProjectRun, summarise } from "./summary.ts";

const good: ProjectReport = { tests: [{ name: "a.test.ts > adds", state: "passed" }], errors: [] };

function lastLine(checkPassed: boolean, runs: readonly ProjectRun[]): string | undefined {
  return formatSummary(summarise(checkPassed, runs)).at(-1);
}

test("the check counts as one", () => {
  const runs = [{ project: "unit", report: good, exitStatus: 0 }];
  expect(lastLine(true, runs)).toBe("2 passed, 0 failed, 0 skipped");
  expect(lastLine(false, runs)).toBe("1 passed, 1 failed, 0 skipped");
});

test("skipped tests are listed with their reason", () => {
  const report: ProjectReport = {
    tests: [{ name: "b.vm.test.ts > boots", state: "skipped", reason: "no QEMU" }],
    errors: [],
  };
  const lines = formatSummary(summarise(true, [{ project: "vm", report, exitStatus: 0 }]));
  expect(lines).toContain("  vm: b.vm.test.ts > boots: no QEMU");
  expect(lines.at(-1)).toBe("1 passed, 0 failed, 1 skipped");
});

test.each<[string, ProjectRun, RegExp]>([
  ["no report", { project: "unit", report: undefined, exitStatus: 1 }, /left no report \(exit status 1\)/],
  ["no test", { project: "unit", report: { tests: [], errors: [] }, exitStatus: 0 }, /no test was found/],
  [
    "an error outside any test",
    { project: "unit", report: { ...good, errors: ["a.test.ts: boom"] }, exitStatus: 1 },
    /boom/,
  ],
  ["an exit status without a failure", { project: "unit", report: good, exitStatus: 7 }, /exit status 7/],
])("%s is a failure", (_name, run, message) => {
  const { failures } = summarise(true, [run]);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(message);
});

test("a report of another form is refused", () => {
  expect(() => parseReport({ tests: 1 })).toThrow(/arrays tests and errors/);
  expect(() => parseReport(null)).toThrow(TypeError);
});
