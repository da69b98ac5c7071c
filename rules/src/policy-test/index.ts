export { type ConformanceCounts, type ConformanceFailure, runConformance } from "./conformance.ts";
export type { Coverage } from "./coverage.ts";
export { type JudgedEvent, PolicySet } from "./policy-set.ts";
export {
  type CaseResult,
  type MissingRule,
  type PolicyTestResult,
  type StepResult,
  type TestFile,
  testPolicies,
} from "./run.ts";
