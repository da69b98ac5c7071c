/**
 * Adds up the reports of all test projects: `summary.ts CHECK FOLDER PROJECT...`, where CHECK is `passed` or
 * `failed` and FOLDER holds PROJECT.json and PROJECT.status (vitest's exit status).
 *
 * Refuses to call a run good in which something did not run: a project without report or tests fails.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProjectReport, parseReport } from "./report.ts";

export interface ProjectRun {
  readonly project: string;
  /** Undefined where vitest left no report. */
  readonly report: ProjectReport | undefined;
  readonly exitStatus: number;
}

export interface Summary {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
}

export function summarise(checkPassed: boolean, runs: readonly ProjectRun[]): Summary {
  let passed = checkPassed ? 1 : 0;
  const failures = checkPassed ? [] : ["check (its output is at the top)"];
  const skips: string[] = [];
  for (const { project, report, exitStatus } of runs) {
    const before = failures.length;
    if (report === undefined) failures.push(`${project}: vitest left no report (exit status ${exitStatus})`);
    else if (report.tests.length === 0) failures.push(`${project}: no test was found`);
    for (const error of report?.errors ?? []) failures.push(`${project}: ${error}`);
    for (const { name, state, reason } of report?.tests ?? []) {
      if (state === "passed") passed++;
      else if (state === "failed") failures.push(`${project}: ${name}`);
      else skips.push(`${project}: ${name}: ${reason ?? "no reason given"}`);
    }
    if (exitStatus !== 0 && failures.length === before)
      failures.push(`${project}: vitest ended with exit status ${exitStatus}, though no test failed`);
  }
  return { passed, failures, skips };
}

/** @returns lines for people; the last is `N passed, N failed, N skipped` */
export function formatSummary({ passed, failures, skips }: Summary): string[] {
  return [
    ...(skips.length === 0 ? [] : ["", "Skipped:", ...skips.map((line) => `  ${line}`)]),
    ...(failures.length === 0 ? [] : ["", "Failed:", ...failures.map((line) => `  ${line}`)]),
    "",
    `${passed} passed, ${failures.length} failed, ${skips.length} skipped`,
  ];
}

function readRun(folder: string, project: string): ProjectRun {
  const file = join(folder, `${project}.json`);
  const report = existsSync(file) ? parseReport(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  return { project, report, exitStatus: Number(readFileSync(join(folder, `${project}.status`), "utf8")) };
}

if (import.meta.main) {
  const [check, folder, ...projects] = process.argv.slice(2);
  if ((check !== "passed" && check !== "failed") || folder === undefined || projects.length === 0)
    throw new Error("usage: summary.ts passed|failed FOLDER PROJECT...");
  const summary = summarise(
    check === "passed",
    projects.map((project) => readRun(folder, project)),
  );
  console.log(formatSummary(summary).join("\n"));
  if (summary.failures.length > 0) process.exitCode = 1;
}
