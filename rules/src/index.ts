/** The rule language and its compiler: everything that other workspaces may use of it. */
export { accessPredicates, directoryProof, kernelStagePasses, toSeeds } from "./access/index.ts";
export {
  type AnalyseOptions,
  type Analysis,
  analysePolicies,
  type LoadedRule,
  type RuleState,
  type RuleStatus,
} from "./analyse.ts";
export { type CompileResult, compileAnalysis, compilePolicies, type RuleMetadata } from "./compile.ts";
export {
  type Diagnostic,
  diagnosticJson,
  type RelatedPlace,
  renderDiagnostic,
  renderPlace,
  type Severity,
} from "./diagnostics.ts";
export { type EventFields, type EventValue, EventValueError, evaluate, knownBits, mayMatch } from "./evaluate.ts";
export { completeEvent } from "./event.ts";
export { EventError, parseEvent, type TypedEvent } from "./events/index.ts";
export { leafText, predicateText } from "./explain.ts";
export { type FieldDoc, type FieldGroup, fieldGroups, fieldsMarkdown, typeText } from "./field-docs.ts";
export type { AccessPredicate, CheckedRule, CompareOp, Expr, IntExpr, Leaf, Nnf, StringTest } from "./ir.ts";
export {
  allDiagnostics,
  type KernelFilter,
  kernelFilters,
  type Preventer,
  type Unfiltered,
  unfilteredPart,
} from "./lint/index.ts";
export { toNnf } from "./nnf.ts";
export { POLICY_BYTES_MAX, type PolicyInput, type Tags } from "./policy/index.ts";
export {
  type CaseResult,
  type ConformanceCounts,
  type ConformanceFailure,
  type Coverage,
  type JudgedEvent,
  type MissingRule,
  PolicySet,
  type PolicyTestResult,
  runConformance,
  type StepResult,
  type TestFile,
  testPolicies,
} from "./policy-test/index.ts";
export type { TraceNode, TraceValue } from "./trace.ts";
