/** What one run of a test project leaves for the summary, as JSON. Written by reporter.ts, read by summary.ts. */
export interface ProjectReport {
  readonly tests: readonly TestOutcome[];
  /** Failures outside any test: a file that does not load, a hook of a file, an unhandled rejection. */
  readonly errors: readonly string[];
}

export interface TestOutcome {
  /** File, suites and test, joined by " > ". */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  /** Why it was skipped, as given to `context.skip(reason)`. */
  readonly reason?: string;
}

/** @throws TypeError if the value is not a report */
export function parseReport(value: unknown): ProjectReport {
  const report = value as Partial<ProjectReport> | null;
  if (typeof report !== "object" || !Array.isArray(report?.tests) || !Array.isArray(report.errors))
    throw new TypeError("expected an object with the arrays tests and errors");
  return report as ProjectReport;
}
