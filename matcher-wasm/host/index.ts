export { addressBytes } from "./address.ts";
/** Loads and runs matchers. The agent's whole view of this package, together with `../format`. */
export { type AdmittedMatcher, admitModule, type MatcherExports } from "./admit.ts";
export { type ContextValue, contextOfFields, writeContext } from "./context.ts";
export { type DecisionParts, decideRules, type SetPrograms, setPrograms } from "./decide.ts";
export { MatcherInputError, MatcherRejectedError, type RejectReason } from "./errors.ts";
export { type BatchRequest, Matcher, type Verdict } from "./matcher.ts";
export {
  type Assignment,
  signatureOf,
  type VariableCounters,
  VariableState,
  VariableStore,
  type VariableSubject,
} from "./variables.ts";
