/** What tests of other workspaces may use: random rules, events and policies, and rules linked into a matcher. */
export { rulesAndEvents, type TypedEvent } from "./arbitraries.ts";
export { checkedRules, contextOf, encodeStamped, expectedVerdicts, loadRules } from "./linked.ts";
export { policyTexts } from "./texts.ts";
