export { SECL_AGENT_VERSION } from "./gate.ts";
export { type MergedMacro, mergeMacros } from "./macro-set.ts";
export { type MergedRule, mergeRules } from "./merge.ts";
export { type PolicyMetadata, policyMetadata } from "./metadata.ts";
export type {
  ActionSource,
  MacroSource,
  PolicySource,
  RuleSource,
  SetAction,
  Tags,
  VariableValue,
} from "./model.ts";
export { readPolicy } from "./policy.ts";
export { wrongReferences } from "./references.ts";
export { inOrder, placeText, replacements } from "./set.ts";
export { decodePolicy, POLICY_BYTES_MAX, type PolicyInput } from "./text.ts";
export { parseVersion, type Version } from "./version.ts";
