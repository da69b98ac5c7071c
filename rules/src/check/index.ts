/**
 * The checker: a parsed expression to the IR of one rule, or the reason why it cannot be used.
 */
export { type CheckedExpression, checkExpression } from "./check.ts";
export { isReservedName } from "./expression.ts";
export { checkFilter, checkHostFilter, checkSetExpression, type SetExpression } from "./part.ts";
export { checkRule, fimPrefixOf } from "./rule.ts";
export {
  CheckError,
  type Macro,
  type MacroTable,
  type TextUse,
  type Warning,
  type Written,
  withFimPrefix,
} from "./scope.ts";
export type { VariableTable } from "./variables.ts";
