/** What tests of other workspaces may use: random rules, events and policies, and rules linked into a matcher. */
export {
  assertKernelAgrees,
  assertMatcherAgrees,
  assertMatcherProves,
  assertProofsHold,
  type JudgedCase,
} from "./agreement.ts";
export { rulesAndEvents, type TypedEvent } from "./arbitraries.ts";
export { rulesAndFilesNear } from "./directories.ts";
export { keepCase, write as writeCase } from "./found.ts";
export { type Harm, harmed } from "./harmed.ts";
export { heavyPolicies } from "./heavy.ts";
export { checkedRules, contextOf, encodeStamped, expectedVerdicts, knownOf, loadRules } from "./linked.ts";
export { policyTexts } from "./texts.ts";
